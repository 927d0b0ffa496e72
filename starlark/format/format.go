package format

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/bazelbuild/buildtools/build"

	"github.com/ldcorn/ldcorn/starlark/config"
)

// rounds is how many times a text is formatted at most, because the result of
// the library is not always stable at once.
const rounds = 4

// Format returns the formatted text of a file. It keeps the meaning and every
// comment, and formatting the result again changes nothing. If the text is not
// Starlark, the error is a *diag.Report. If Format cannot keep these promises,
// it returns another error.
func Format(name string, text []byte) ([]byte, error) {
	before, report := config.Parse(name, text)
	if report != nil {
		return nil, report
	}
	out := expandTabs(before, bytes.TrimPrefix(text, []byte("\ufeff")))
	for range rounds {
		next, err := layOut(name, out)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(next, out) {
			break
		}
		out = next
	}
	after, report := config.Parse(name, out)
	switch {
	case report != nil:
		return nil, fmt.Errorf("%s: cannot be formatted: %w", name, report)
	case !sameProgram(before, after):
		return nil, fmt.Errorf("%s: cannot be formatted: its meaning would change", name)
	case !sameComments(before, after):
		return nil, fmt.Errorf("%s: cannot be formatted: a comment would be lost", name)
	}
	return out, nil
}

// layOut formats the text once. It turns off everything beyond layout that the
// library does for BUILD files, such as sorting.
func layOut(name string, text []byte) (out []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: cannot be formatted: %v", name, r)
		}
	}()
	file, err := build.ParseDefault(name, text)
	var e build.ParseError
	if errors.As(err, &e) {
		return nil, fmt.Errorf("%s:%d:%d: cannot be formatted: %s", name, e.Pos.Line, e.Pos.LineRune, e.Message)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: cannot be formatted: %w", name, err)
	}
	doubleQuotes(file)
	return build.FormatWithoutRewriting(file), nil
}
