package builtin

import (
	"slices"

	"github.com/ldcorn/ldcorn/starlark/diag"
)

// A Type is a type whose values the configuration receives but cannot make. Its
// table drives the value, dir(), suggestions, editor stubs and the reference
// documentation.
type Type struct {
	Name       string // the result of type()
	Doc        string
	Properties []Property
	Methods    []Word
}

// A Property is an attribute of a Type that is not a method.
type Property struct {
	Name string
	Type string // as in a stub file
	Doc  string

	aka []string // names that other tools use
}

// Types returns every Type, in the order of the reference documentation. The
// caller can change the slices.
func Types() []Type {
	return []Type{RequestType(), TestType(), OutcomeType(), PlanType(), PlanGroupType()}
}

// Names returns the names of all attributes, with the methods last.
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

// Near returns the attribute that the author of name most likely meant, or "".
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

// RequestType returns the type of a router's argument. Bytes that are not UTF-8
// in a header, a cookie or a query read as U+FFFD, so that every string is text
// that can be compared, logged and sent on.
func RequestType() Type {
	return Type{
		Name: "Request",
		Doc: "A request, as the app will see it. It is read-only, and valid only during the call of the router.  " +
			"Bytes that are not UTF-8 read as U+FFFD.",
		Properties: []Property{
			{"method", "str", "The method, such as \"GET\".", []string{"verb", "http_method"}},
			{"path", "str", "The path that routes match: decoded once, without the query.", []string{"url", "uri", "path_info", "decoded_path"}},
			{"raw_path", "str", "The path as the client sent it, still escaped.", nil},
			{"host", "str", "The requested host, in lower case and without its port. If an HTTP/1.0 client names no host, it is the address that the client connected to.", []string{"hostname", "domain", "authority", "server_name"}},
			{"scheme", "str", "\"http\" or \"https\", as trusted proxies report it; the same for a websocket.", []string{"protocol"}},
			{"client_ip", "str", "The client's address. Behind trusted proxies, it is the address that they report. It is \"\" over a unix socket.", []string{"ip", "remote_addr", "remote_ip", "client", "peer", "addr"}},
			{"client_cert_subject", "str | None", "The subject of the certificate that the client has shown to ldcorn, as in X-Client-Cert-Subject; None if it has shown none.", []string{"client_cert", "subject", "tls", "peer_cert"}},
			{"client_cert_san", "str | None", "The names in that certificate with commas between them, as in X-Client-Cert-SAN; None without a certificate.", []string{"san", "subject_alt_name"}},
			{"client_cert_fingerprint", "str | None", "The SHA-256 of that certificate in hexadecimal digits; None without a certificate.", []string{"fingerprint", "client_cert_sha256"}},
			{"proto", "str", "\"HTTP/1.0\", \"HTTP/1.1\" or \"HTTP/2.0\".", []string{"version", "http_version"}},
			{"websocket", "bool", "Whether the request opens a websocket.", []string{"is_websocket", "ws"}},
			{"content_length", "int | None", "The length of the body in bytes; None if the client gives none.", []string{"length", "size", "body_size"}},
		},
		Methods: []Word{
			lookupWord("header", "str", "The first value of a header.", "The header, in upper or lower case.", `"X-Tenant"`, "headers_get", "get_header"),
			{Name: "headers", Returns: "list[str]", Doc: "Every value of a header, in the order of the request.",
				Arguments: []Argument{{Name: "name", Type: "str", Required: true, Doc: "The header, in upper or lower case.", Example: `"X-Tenant"`}},
				aka:       []string{"header_list", "getlist"}},
			lookupWord("cookie", "str", "The value of the last cookie with a name, without quotes around it, as Starlette and Django read it.", "The cookie. Case matters.", `"session"`, "cookies"),
			lookupWord("query", "str", "The first value of a query parameter, decoded.", "The parameter.", `"page"`,
				"args", "param", "params", "query_params", "query_string"),
		},
	}
}

// lookupWord returns a method that looks up a value by name.
func lookupWord(name, returns, doc, of, example string, aka ...string) Word {
	return Word{Name: name, Returns: returns + " | None", Doc: doc, aka: aka, Arguments: []Argument{
		{Name: "name", Type: "str", Required: true, Doc: of, Example: example, aka: []string{"key", "n"}},
		{Name: "default", Type: returns + " | None", Default: "None", Doc: "The result if there is none.", aka: []string{"d", "fallback"}},
	}}
}
