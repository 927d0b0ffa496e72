package data

import (
	"regexp"
	"strconv"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/starlark/bound"
)

// decodeError matches the error of the interpreter's own json.decode.
var decodeError = regexp.MustCompile(`^json\.decode: at offset (\d+), (.*)$`)

// decodeJSON is json.decode with the place of an error.
func decodeJSON(thread *starlark.Thread, text string) (starlark.Value, error) {
	decode := bound.JSON.Members["decode"].(*starlark.Builtin)
	v, err := decode.CallInternal(thread, starlark.Tuple{starlark.String(text)}, nil)
	if err == nil {
		return v, nil
	}
	m := decodeError.FindStringSubmatch(err.Error())
	if m == nil {
		return nil, &limitError{strings.TrimPrefix(err.Error(), "json.decode: ")}
	}
	offset, _ := strconv.Atoi(m[1]) // digits
	return nil, at(text, offset, "%s", m[2])
}
