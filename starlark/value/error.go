package value

import (
	"fmt"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
)

// An Error says why a value cannot be read. Message continues a sentence that
// begins with the name of the value ("wants a whole number, got …") and never
// shows a secret.
type Error struct {
	Message string
	Label   string // the correction, shown beside the caret; may be empty
	Hint    string // further advice; may be empty
	Type    bool   // whether the type is wrong rather than the content
}

func (e *Error) Error() string {
	if e.Label == "" {
		return e.Message
	}
	return e.Message + ": " + e.Label
}

// wrongType returns an error that names the wanted type and the value.
func wrongType(want string, got starlark.Value, label string) *Error {
	return &Error{Message: fmt.Sprintf("wants %s, got %s", want, Describe(got)), Label: label, Type: true}
}

// Wrong returns an error about a value of the right type.
func Wrong(label, format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...), Label: label}
}

// WrongType returns an error about a value of the wrong type.
func WrongType(want string, got starlark.Value, label string) *Error {
	return wrongType(want, got, label)
}

// Describe names a value in a message, with its content if that is short and
// not secret.
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
	if strings.ContainsAny(name[:1], "aeiouAEIOU") || strings.HasPrefix(name, "Ld") { // as pronounced
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
