package api

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ArgsVersion is the version of Args.
const ArgsVersion = 1

// Args lists the arguments of a configuration, which it declares with arg.
type Args struct {
	FormatVersion int    `json:"format_version"`
	Config        string `json:"config"` // the path of the configuration
	Args          []Arg  `json:"args"`   // in the order in which the evaluation has come to them
}

// An Arg is an argument of a configuration: a value that --set replaces.
type Arg struct {
	Name    string  `json:"name" jsonschema:"pattern=^[A-Za-z_][A-Za-z0-9_]*$"`
	Type    ArgType `json:"type"`
	Default any     `json:"default"` // a number, a string, true or false, or a list of strings, as the type says
	Value   any     `json:"value"`   // the default unless it is set
	Set     bool    `json:"set"`     // --set gives the value
	Help    string  `json:"help"`
	At      string  `json:"at"` // file:line:column of the call
}

// An ArgType is the type of an argument.
type ArgType string

// The types of arguments.
const (
	ArgInt   ArgType = "int"
	ArgFloat ArgType = "float"
	ArgStr   ArgType = "str"
	ArgBool  ArgType = "bool"
	ArgList  ArgType = "list[str]"
)

// DefaultText returns the default as the configuration would write it.
func (a *Arg) DefaultText() string { return a.Type.text(a.Default) }

// ValueText returns the value as the configuration would write it.
func (a *Arg) ValueText() string { return a.Type.text(a.Value) }

// text writes a value of the type. The value can come from JSON, where every number
// is a float64 and every list a list of any values.
func (t ArgType) text(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case bool:
		if v {
			return "True"
		}
		return "False"
	case float64:
		if t == ArgInt {
			return strconv.FormatFloat(v, 'f', 0, 64)
		}
		text := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		return text
	case []string:
		return listText(v)
	case []any:
		return listText(v)
	}
	return fmt.Sprint(v)
}

func listText[V any](list []V) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = strconv.Quote(fmt.Sprint(v))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// ArgSettings change the arguments of a configuration in a reload, or in a plan of
// one. The master keeps those of its last reload, and of its start.
type ArgSettings struct {
	Set   map[string]string `json:"set,omitempty"`   // values by name, as on the command line
	Unset []string          `json:"unset,omitempty"` // names that get their default again
}

// IsZero reports whether the settings change nothing.
func (s ArgSettings) IsZero() bool { return len(s.Set) == 0 && len(s.Unset) == 0 }

// String returns the settings in the form of a log: "region=us workers=3, unset x".
func (s ArgSettings) String() string {
	var set []string
	for _, name := range slices.Sorted(maps.Keys(s.Set)) {
		set = append(set, name+"="+s.Set[name])
	}
	text := strings.Join(set, " ")
	if len(s.Unset) == 0 {
		return text
	}
	if text != "" {
		text += ", "
	}
	return text + "unset " + strings.Join(s.Unset, " ")
}

// After returns what is set after the settings have changed what was set before.
func (s ArgSettings) After(before map[string]string) map[string]string {
	out := make(map[string]string, len(before)+len(s.Set))
	for name, value := range before {
		out[name] = value
	}
	for _, name := range s.Unset {
		delete(out, name)
	}
	for name, value := range s.Set {
		out[name] = value
	}
	return out
}
