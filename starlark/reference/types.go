package reference

import (
	"fmt"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/builtin"
)

// A Type is a type that the language adds to those of Starlark.
type Type struct {
	Name string // in the table
	Doc  string

	stub string // its name in the stub file; stub_types.pyi declares it
}

// Types returns the types that the language adds.
func Types() []Type {
	return []Type{
		{"duration", `A time span: a number of seconds, whole or not, or a string with units such as "250ms", "2s" or "1m30s". At most ten years.`, "Duration"},
		{"size", `A number of bytes, or a string with a unit such as "64KiB" (powers of 1024) or "10MB" (powers of 1000).`, "Size"},
		{"secret", "The result of secret and secret_file. It can be passed on and joined with + to strings and other secrets, but it is never printed.", "Secret"},
		{"key", "Identifies a client: the result of by_cookie, by_header and by_client_ip.", "Key"},
		{"affinity", "Binds clients or sessions to processes, as sticky of WorkerGroup: the result of by_issued and by_session.", "Affinity"},
		{"listener", "An address on which clients connect: the result of listen.", "Listener"},
		{"tls", "Certificates with their keys, for a listener: the result of tls and acme.", "TLS"},
		{"limit", "A limit that groups share: the result of limit.", "Limit"},
		{"rate", "A limit of how often requests are let in: the result of rate.", "Rate"},
		{"tracing", "Where spans of requests are sent: the result of otlp.", "Tracing"},
		{"static", "A folder whose files ldcorn serves: the result of static.", "Static"},
		{"command", "A program that runs before workers start: the result of command.", "Command"},
		{"hook", "A program or an address that learns of events: the result of hook and webhook.", "Hook"},
		{"header_edit", "A change to a header: the result of set_header, add_header and remove_header.", "HeaderEdit"},
		{"matcher", "A test of a request: the result of path, header, percent and others. & | ~ join matchers; and, or, not do not.", "Matcher"},
		{"rule", "A route with settings for its requests: the result of rule. It is an element of routes.", "Rule"},
		{"decision", "The decision about a request: the result of to, respond and redirect. A router returns it.", "Decision"},
		{"router", "A function of one argument, a Request, that returns None, the name of a group, or a decision.", "Router"},
		{"LdConfig", "The result of LdConfig, to be assigned to config.", "LdConfig"},
		{"WorkerGroup", "The result of WorkerGroup, for workers of LdConfig.", "WorkerGroup"},
	}
}

// plainTypes are the types that Python and Starlark share.
var plainTypes = []string{"int", "float", "str", "bytes", "bool", "None"}

// An annotator translates the table's types into those of a stub file. An
// argument may accept more types than the table names: a tuple is accepted as a
// list.
type annotator struct {
	names    map[string]string
	argument bool
}

func newAnnotator(argument bool) *annotator {
	a := &annotator{names: make(map[string]string), argument: argument}
	for _, name := range plainTypes {
		a.names[name] = name
	}
	for _, t := range Types() {
		a.names[t.Name] = t.stub
	}
	for _, t := range builtin.Types() {
		a.names[t.Name] = t.Name
	}
	a.names["any"] = "Any"
	return a
}

// annotate translates an expression such as "dict[str, str | secret] | None".
func (a *annotator) annotate(expr string) (string, error) {
	var out []string
	for _, part := range split(expr, '|') {
		one, err := a.one(part)
		if err != nil {
			return "", err
		}
		out = append(out, one)
	}
	return strings.Join(out, " | "), nil
}

func (a *annotator) one(expr string) (string, error) {
	generic, rest, found := strings.Cut(expr, "[")
	if !found {
		if name, ok := a.names[expr]; ok {
			return name, nil
		}
		return "", fmt.Errorf("type %q: not in Types", expr)
	}
	if a.argument {
		wider := map[string]string{"list": "ListOf", "dict": "Mapping"}
		if generic = wider[generic]; generic == "" {
			return "", fmt.Errorf("type %q: only list and dict have types in brackets", expr)
		}
	}
	var of []string
	for _, part := range split(strings.TrimSuffix(rest, "]"), ',') {
		one, err := a.annotate(part)
		if err != nil {
			return "", err
		}
		of = append(of, one)
	}
	return generic + "[" + strings.Join(of, ", ") + "]", nil
}

// split splits at separators outside brackets.
func split(s string, sep rune) []string {
	depth, start := 0, 0
	var out []string
	for i, r := range s {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case r == sep && depth == 0:
			out = append(out, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	return append(out, strings.TrimSpace(s[start:]))
}
