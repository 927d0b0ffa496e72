package data

import (
	"encoding/json"
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
		return v, twice(text)
	}
	m := decodeError.FindStringSubmatch(err.Error())
	if m == nil {
		return nil, &limitError{strings.TrimPrefix(err.Error(), "json.decode: ")}
	}
	offset, _ := strconv.Atoi(m[1]) // digits
	return nil, at(text, offset, "%s", m[2])
}

// twice returns an error for an object that has a key twice, of which json.decode takes
// the last. RFC 8259, section 4, leaves open which one counts.
func twice(text string) error {
	type level struct {
		keys map[string]bool // nil in an array
		key  bool            // the next string is a key
	}
	var levels []level
	tokens := json.NewDecoder(strings.NewReader(text))
	tokens.UseNumber()
	for {
		before := int(tokens.InputOffset())
		token, err := tokens.Token()
		if err != nil { // the end
			return nil
		}
		var top *level
		if len(levels) > 0 {
			top = &levels[len(levels)-1]
		}
		switch token {
		case json.Delim('}'), json.Delim(']'):
			levels = levels[:len(levels)-1]
			continue
		}
		if top != nil && top.key {
			name := token.(string)
			if top.keys[name] {
				return at(text, before+strings.IndexByte(text[before:], '"'), "the key %s is there twice", strconv.Quote(name))
			}
			top.keys[name], top.key = true, false
			continue
		}
		if top != nil && top.keys != nil {
			top.key = true // after this value
		}
		switch token {
		case json.Delim('{'):
			levels = append(levels, level{make(map[string]bool), true})
		case json.Delim('['):
			levels = append(levels, level{})
		}
	}
}
