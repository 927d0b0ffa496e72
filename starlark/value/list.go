package value

import (
	"fmt"
	"strconv"

	"go.starlark.net/starlark"
)

// List reads a list or tuple. Of names its elements in the plural, as in
// "strings".
func List(v starlark.Value, of string) ([]starlark.Value, error) {
	var seq starlark.Indexable
	switch v := v.(type) {
	case *starlark.List:
		seq = v
	case starlark.Tuple:
		seq = v
	default:
		return nil, wrongType("a list of "+of, v, listLabel(v))
	}
	out := make([]starlark.Value, seq.Len())
	for i := range out {
		out[i] = seq.Index(i)
	}
	return out, nil
}

func listLabel(v starlark.Value) string {
	switch v := v.(type) {
	case starlark.String:
		return fmt.Sprintf("write [%s]", strconv.Quote(short(string(v))))
	case *starlark.Dict, *starlark.Set:
		return "write list(…) around it"
	case starlark.NoneType, starlark.Bool, starlark.Int, starlark.Float, starlark.Callable:
		return ""
	}
	return "put [ ] around it"
}

// Strings reads a list of strings. The error of an element is an
// *ElementError.
func Strings(v starlark.Value) ([]string, error) {
	elems, err := List(v, "strings")
	if err != nil {
		return nil, err
	}
	out := make([]string, len(elems))
	for i, e := range elems {
		if out[i], err = String(e); err != nil {
			return nil, &ElementError{Index: i, Err: err}
		}
	}
	return out, nil
}

// An ElementError is the error of one element of a list.
type ElementError struct {
	Index int // from 0
	Err   error
}

func (e *ElementError) Error() string { return fmt.Sprintf("element %d: %v", e.Index, e.Err) }

// Unwrap returns the element's own error.
func (e *ElementError) Unwrap() error { return e.Err }
