package capture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// A value is a Python value in the form that the script writes: a JSON string,
// true, false, null or list for a value of that kind, and an object for any
// other.
type value struct {
	text    string // a Starlark literal, if the value has no parts
	secret  string // the same, if the value is a secret
	call    string // LdConfig, WorkerGroup or another word
	at      Place  // of the call
	list    []value
	isList  bool
	keys    []value  // of a dict
	names   []string // of arguments; "" for one by position
	entries []value  // of a dict, or arguments
}

// UnmarshalJSON reads a value that the script has written.
func (v *value) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	switch data[0] {
	case '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		v.text = strconv.Quote(s)
		return nil
	case '[':
		v.isList = true
		return json.Unmarshal(data, &v.list)
	case '{':
		return v.object(data)
	}
	text, ok := map[string]string{"null": "None", "true": "True", "false": "False"}[string(data)]
	if !ok {
		return fmt.Errorf("unexpected %s", data)
	}
	v.text = text
	return nil
}

func (v *value) object(data []byte) error {
	var o struct {
		Int     string              `json:"int"`
		Float   string              `json:"float"`
		Dict    [][2]value          `json:"dict"`
		Secret  *string             `json:"secret"`
		Literal bool                `json:"literal"`
		Call    string              `json:"call"`
		At      []int               `json:"at"`
		Args    []value             `json:"args"`
		Kwargs  [][]json.RawMessage `json:"kwargs"`
	}
	if err := json.Unmarshal(data, &o); err != nil {
		return err
	}
	switch {
	case o.Int != "":
		v.text = o.Int
	case o.Float != "":
		v.text = o.Float
		if strings.ContainsAny(o.Float, "in") { // inf, nan
			v.text = fmt.Sprintf("float(%q)", o.Float)
		}
	case o.Secret != nil:
		v.text, v.secret = strconv.Quote(*o.Secret), SecretWord+"("+strconv.Quote(*o.Secret)+")"
		if o.Literal {
			v.secret = SecretWord + "(" + v.text + ", True)"
		}
	case o.Call != "":
		v.call, v.at = o.Call, placeOf(o.At)
		for _, arg := range o.Args {
			v.names, v.entries = append(v.names, ""), append(v.entries, arg)
		}
		for _, kv := range o.Kwargs {
			var name string
			var entry value
			if err := json.Unmarshal(kv[0], &name); err != nil {
				return err
			}
			if err := json.Unmarshal(kv[1], &entry); err != nil {
				return err
			}
			v.names, v.entries = append(v.names, name), append(v.entries, entry)
		}
	default:
		v.keys, v.entries = []value{}, []value{}
		for _, kv := range o.Dict {
			v.keys, v.entries = append(v.keys, kv[0]), append(v.entries, kv[1])
		}
	}
	return nil
}
