package value

import (
	"fmt"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
)

// An Error says why a value cannot be read. Message goes on after the name
// of what was to be read ("wants a whole number, got …") and never shows a
// secret.
type Error struct {
	Message string
	Label   string // what to write instead, for beside the caret; may be empty
	Hint    string // more to say; may be empty
	Type    bool   // the value has the wrong type, rather than a wrong content
}

func (e *Error) Error() string {
	if e.Label == "" {
		return e.Message
	}
	return e.Message + ": " + e.Label
}

// wrongType says what was wanted and what came.
func wrongType(want string, got starlark.Value, label string) *Error {
	return &Error{Message: fmt.Sprintf("wants %s, got %s", want, Describe(got)), Label: label, Type: true}
}

// Wrong returns an error about a value that has the right type.
func Wrong(label, format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...), Label: label}
}

// WrongType returns an error about a value that is no want.
func WrongType(want string, got starlark.Value, label string) *Error {
	return wrongType(want, got, label)
}

// Describe names a value for people, with its content where that is short
// and no secret.
func Describe(v starlark.Value) string {
	switch v := v.(type) {
	case starlark.NoneType, starlark.Bool:
		return v.String()
	case starlark.Int, starlark.Float:
		return "the number " + short(v.String())
	case starlark.String:
		return "the string " + strconv.Quote(short(string(v)))
	case *starlark.Function:
		return fmt.Sprintf("the function `%s`", v.Name())
	case *starlark.Builtin:
		return fmt.Sprintf("the function `%s`", v.Name())
	}
	name := v.Type()
	if strings.ContainsAny(name[:1], "aeiouAEIOU") || strings.HasPrefix(name, "Ld") { // as it is spoken
		return "an " + name
	}
	return "a " + name
}

const shortLength = 48 // characters of a value in a message

func short(s string) string {
	if runes := []rune(s); len(runes) > shortLength {
		return string(runes[:shortLength]) + "…"
	}
	return s
}
