package data

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/starlark/bound"
)

// An Error says what is wrong with a text.
type Error struct {
	Line    int // from 1; 0 means that the place is unknown
	Col     int // from 1, in characters
	Message string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Col, e.Message)
}

// A Format is a format of data.
type Format struct {
	Name       string // "JSON"
	Extensions []string
	decode     func(thread *starlark.Thread, text string) (starlark.Value, error)
}

// The formats.
var (
	JSON = Format{"JSON", []string{".json"}, decodeJSON}
	YAML = Format{"YAML", []string{".yaml", ".yml"}, decodeYAML}
	TOML = Format{"TOML", []string{".toml"}, decodeTOML}
)

// Decode reads a text, and charges the thread for it. The values can be changed, and
// nothing else has them. The error is an *Error if the text is at fault.
func (f Format) Decode(thread *starlark.Thread, text string) (starlark.Value, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	if i := invalid(text); i >= 0 {
		return nil, at(text, i, "this is not UTF-8 text")
	}
	if err := bound.Spend(thread, charge*len(text), "reading the file"); err != nil {
		return nil, err
	}
	v, err := f.decode(thread, text)
	var tooMuch *limitError
	if errors.As(err, &tooMuch) {
		return nil, errors.New(tooMuch.text)
	}
	return v, err
}

// charge is how many bytes of data each byte of a text counts as. The largest file
// that can be read is 4 MiB.
const charge = 4

// invalid returns the index of the first byte that is not UTF-8, or -1.
func invalid(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return i
			}
		}
	}
	return -1
}

// at returns an error about the place of a byte.
func at(text string, offset int, format string, args ...any) *Error {
	offset = min(max(offset, 0), len(text))
	before := text[:offset]
	start := strings.LastIndexByte(before, '\n') + 1
	return &Error{
		Line: 1 + strings.Count(before, "\n"), Col: 1 + utf8.RuneCountInString(before[start:]),
		Message: fmt.Sprintf(format, args...),
	}
}

// A limitError is about a text that makes too much.
type limitError struct{ text string }

func (e *limitError) Error() string { return e.text }

// A maker makes values within the limits of loading.
type maker struct {
	left  int // bytes
	depth int // levels
}

func newMaker() *maker { return &maker{left: bound.Loading.Bytes, depth: bound.Loading.Depth} }

// use takes bytes from the limit, besides those of a node.
func (m *maker) use(bytes int) error {
	if m.left -= bound.Element + bytes; m.left < 0 {
		return &limitError{fmt.Sprintf("the values in the file are too much for a configuration; the limit is %d bytes, and each value counts as at least %d",
			bound.Loading.Bytes, bound.Element)}
	}
	return nil
}

// enter goes one level down. The caller must call leave.
func (m *maker) enter() error {
	if m.depth--; m.depth < 0 {
		return &limitError{fmt.Sprintf("the values in the file nest too deeply for a configuration; the limit is %d levels", bound.Loading.Depth)}
	}
	return nil
}

func (m *maker) leave() { m.depth++ }
