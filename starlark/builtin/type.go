package builtin

import (
	"slices"

	"github.com/ldcorn/ldcorn/starlark/diag"
)

// A Type is a type of value that the configuration is handed and cannot make
// itself. Its table drives the value itself, dir(), suggestions, editor stubs
// and reference docs.
type Type struct {
	Name       string // as type() says
	Doc        string
	Properties []Property
	Methods    []Word
}

// A Property is an attribute of a Type that is no method.
type Property struct {
	Name string
	Type string // as in a stub file
	Doc  string

	aka []string // what people call it elsewhere
}

// Types returns every such type, in the order that reference docs show them.
// The caller may change the slices.
func Types() []Type { return []Type{RequestType(), TestType(), OutcomeType()} }

// Names returns the names of all attributes, the methods' after the others.
func (t *Type) Names() []string {
	var out []string
	for _, p := range t.Properties {
		out = append(out, p.Name)
	}
	for _, m := range t.Methods {
		out = append(out, m.Name)
	}
	return out
}

// Near returns the attribute that somebody who wrote name most likely meant,
// or "".
func (t *Type) Near(name string) string {
	for _, p := range t.Properties {
		if slices.Contains(p.aka, name) {
			return p.Name
		}
	}
	for _, m := range t.Methods {
		if slices.Contains(m.aka, name) {
			return m.Name
		}
	}
	return diag.Near(name, t.Names())
}

// RequestType is the type of what a router is called with. What is not UTF-8
// in a header, a cookie or a query reads as U+FFFD, so that every string is
// text and can be compared, logged and sent on.
func RequestType() Type {
	return Type{
		Name: "Request",
		Doc: "A request, as the app will see it. It can only be read, and only while the router is called with it. " +
			"What is no UTF-8 reads as U+FFFD.",
		Properties: []Property{
			{"method", "str", "The method, such as \"GET\".", []string{"verb", "http_method"}},
			{"path", "str", "The path that routes match: decoded once, without the query.", []string{"url", "uri", "path_info", "decoded_path"}},
			{"raw_path", "str", "The path as it came, still escaped.", nil},
			{"host", "str", "The host that was asked for, in lower case and without its port. Where an HTTP/1.0 client names none, it is the address that it has connected to.", []string{"hostname", "domain", "authority", "server_name"}},
			{"scheme", "str", "\"http\" or \"https\", as trusted proxies tell it; of a websocket too.", []string{"protocol"}},
			{"client_ip", "str", "The client's address, from behind trusted proxies as they tell it; \"\" over a unix socket.", []string{"ip", "remote_addr", "remote_ip", "client", "peer", "addr"}},
			{"proto", "str", "\"HTTP/1.0\" or \"HTTP/1.1\".", []string{"version", "http_version"}},
			{"websocket", "bool", "Whether it opens a websocket.", []string{"is_websocket", "ws"}},
			{"content_length", "int | None", "The length of the body in bytes; None where the client gives none.", []string{"length", "size", "body_size"}},
		},
		Methods: []Word{
			lookupWord("header", "str", "The first value of a header.", "The header, in upper or lower case.", `"X-Tenant"`, "headers_get", "get_header"),
			{Name: "headers", Returns: "list[str]", Doc: "Every value of a header, in the order in which they came.",
				Arguments: []Argument{{Name: "name", Type: "str", Required: true, Doc: "The header, in upper or lower case.", Example: `"X-Tenant"`}},
				aka:       []string{"header_list", "getlist"}},
			lookupWord("cookie", "str", "The value of the first cookie of a name.", "The cookie; upper and lower case are not the same.", `"session"`, "cookies"),
			lookupWord("query", "str", "The first value of a parameter in the query, decoded.", "The parameter.", `"page"`,
				"args", "param", "params", "query_params", "query_string"),
		},
	}
}

// lookupWord is a method that looks something up by its name.
func lookupWord(name, returns, doc, of, example string, aka ...string) Word {
	return Word{Name: name, Returns: returns + " | None", Doc: doc, aka: aka, Arguments: []Argument{
		{Name: "name", Type: "str", Required: true, Doc: of, Example: example, aka: []string{"key", "n"}},
		{Name: "default", Type: returns + " | None", Default: "None", Doc: "What to return where there is none.", aka: []string{"d", "fallback"}},
	}}
}
