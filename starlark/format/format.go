package format

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/bazelbuild/buildtools/build"

	"github.com/ldcorn/ldcorn/starlark/config"
)

// rounds bounds how often the layout of a text is laid out again, as the
// library does not always come to rest at once.
const rounds = 4

// Format returns the text of a file laid out. What it means stays, and so does
// every comment; formatting the outcome changes nothing. The error is a
// *diag.Report where the text is no Starlark, and the text stays as it is
// where it cannot be laid out within these promises.
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

// layOut is one round. It rewrites nothing: what the library does beyond
// layout, such as sorting, is meant for BUILD files.
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
	return build.FormatWithoutRewriting(file), nil
}
