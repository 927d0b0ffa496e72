package router

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A request is the argument of a router. It caches the method, the path and the
// host, because routers tend to compare one of them with many values.
//
// No router can keep a request: everything that outlives a call is frozen, so
// no global, list or variable of an enclosing function can hold it. As a
// safeguard, the request is also emptied after the call.
type request struct {
	src     match.Request // nil after the call
	methods [numMethods]method
	known   [numKnown]starlark.Value
}

var _ starlark.HasAttrs = (*request)(nil)

// newRequest returns the request for one call.
func newRequest(src match.Request) *request {
	r := &request{src: src}
	for i := range r.methods {
		r.methods[i] = method{r, i}
	}
	return r
}

// end empties the request.
func (r *request) end() { r.src = nil }

var errEnded = errors.New("the request is only valid during the call of the router")

// These hold the table of builtin.RequestType, by name. They are read-only.
var (
	requestType = builtin.RequestType()
	attributes  = func() map[string]int { // index of a property, or numProperties plus that of a method
		out := make(map[string]int)
		for i, name := range requestType.Names() {
			out[name] = i
		}
		return out
	}()
	attributeNames = requestType.Names()
)

// These are the sizes of the table.
const (
	numProperties = 12
	numKnown      = 4 // the number of cached properties, which come first
	numMethods    = 4
)

func (r *request) String() string {
	if r.src == nil {
		return "<request>"
	}
	return fmt.Sprintf("<request %s %s>", string(text(r.src.Method())), string(text(r.src.RawPath())))
}

// Type returns the name of the type in the table.
func (r *request) Type() string { return requestType.Name }

// Freeze does nothing: a request never changes.
func (r *request) Freeze() {}

// Truth returns True.
func (r *request) Truth() starlark.Bool { return true }

// Hash lets a request be a key. A request is equal only to itself.
func (r *request) Hash() (uint32, error) { return 0x52657175, nil }

// AttrNames returns the names that dir() lists.
func (r *request) AttrNames() []string { return attributeNames }

// Attr returns a property or a method.
func (r *request) Attr(name string) (starlark.Value, error) {
	i, ok := attributes[name]
	switch {
	case !ok:
		return nil, noAttribute(name)
	case r.src == nil:
		return nil, errEnded
	case i >= numProperties:
		return &r.methods[i-numProperties], nil
	}
	if i >= numKnown {
		return properties[i](r.src), nil
	}
	if r.known[i] == nil {
		r.known[i] = properties[i](r.src)
	}
	return r.known[i], nil
}

// noAttribute returns the interpreter's error with a suggestion from the table.
func noAttribute(name string) error {
	suggest := ""
	if near := requestType.Near(name); near != "" {
		suggest = fmt.Sprintf(" (did you mean .%s?)", near)
	}
	return fmt.Errorf("%s has no .%s field or method%s", requestType.Name, name, suggest)
}

// properties are the functions of the properties, in the order of the table.
var properties = func() (out [numProperties]func(match.Request) starlark.Value) {
	for i, p := range requestType.Properties {
		out[i] = propertyNamed[p.Name]
	}
	return out
}()

var propertyNamed = map[string]func(match.Request) starlark.Value{
	"method":   func(r match.Request) starlark.Value { return common(r.Method()) },
	"path":     func(r match.Request) starlark.Value { return text(r.Path()) },
	"raw_path": func(r match.Request) starlark.Value { return text(r.RawPath()) },
	"host":     func(r match.Request) starlark.Value { return text(r.Host()) },
	"scheme":   func(r match.Request) starlark.Value { return starlark.String(r.Scheme()) },
	"client_ip": func(r match.Request) starlark.Value {
		if ip := r.ClientIP(); ip.IsValid() {
			return starlark.String(ip.String())
		}
		return starlark.String("")
	},
	"client_cert_subject":     ofCert(match.Certificate.CertSubject),
	"client_cert_san":         ofCert(func(c match.Certificate) string { return strings.Join(c.CertNames(), ",") }),
	"client_cert_fingerprint": ofCert(match.Certificate.CertFingerprint),

	"proto":     func(r match.Request) starlark.Value { return starlark.String(r.Proto()) },
	"websocket": func(r match.Request) starlark.Value { return starlark.Bool(r.Websocket()) },
	"content_length": func(r match.Request) starlark.Value {
		if n := r.ContentLength(); n >= 0 {
			return starlark.MakeInt64(n)
		}
		return starlark.None
	},
}

// ofCert returns the function of a property of the certificate that the client has
// shown.
func ofCert(text func(match.Certificate) string) func(match.Request) starlark.Value {
	return func(r match.Request) starlark.Value {
		if c := match.CertOf(r); c != nil {
			return starlark.String(text(c))
		}
		return starlark.None
	}
}

// commonTexts are allocated only once.
var commonTexts = func() map[string]starlark.Value {
	out := make(map[string]starlark.Value)
	for _, s := range []string{"", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		out[s] = starlark.String(s)
	}
	return out
}()

func common(b []byte) starlark.Value {
	if v := commonTexts[string(b)]; v != nil {
		return v
	}
	return text(b)
}

// text copies text from a client. Bytes that are not UTF-8 become U+FFFD.
func text(b []byte) starlark.String {
	s := string(b)
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	return starlark.String(s)
}

// A method is a method of the table, bound to its request.
type method struct {
	req   *request
	index int // in the table
}

var _ starlark.Callable = (*method)(nil)

func (m *method) word() *builtin.Word { return &requestType.Methods[m.index] }

// Name returns the name of the method.
func (m *method) Name() string { return m.word().Name }

func (m *method) String() string {
	return fmt.Sprintf("<built-in method %s of %s value>", m.Name(), requestType.Name)
}

// Type returns the type of built-in functions.
func (m *method) Type() string { return "builtin_function_or_method" }

// Freeze does nothing.
func (m *method) Freeze() {}

// Truth returns True.
func (m *method) Truth() starlark.Bool { return true }

// Hash returns the hash of the name.
func (m *method) Hash() (uint32, error) { return starlark.String(m.Name()).Hash() }

// CallInternal looks up the value.
func (m *method) CallInternal(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	word := m.word()
	var vals [2]starlark.Value
	if err := word.Read(args, kwargs, vals[:len(word.Arguments)]); err != nil {
		return nil, err
	}
	name, ok := vals[0].(starlark.String)
	switch {
	case !ok:
		return nil, fmt.Errorf("`name` %w", value.WrongType("a string", vals[0], ""))
	case m.req.src == nil:
		return nil, errEnded
	}
	if found := lookups[m.index](m.req.src, string(name)); found != nil {
		return found, nil
	}
	if vals[1] != nil {
		return vals[1], nil
	}
	return starlark.None, nil
}

// lookups are the functions of the methods, in the order of the table. They
// return nil for a missing value.
var lookups = func() (out [numMethods]func(match.Request, string) starlark.Value) {
	for i, m := range requestType.Methods {
		out[i] = lookupNamed[m.Name]
	}
	return out
}()

var lookupNamed = map[string]func(match.Request, string) starlark.Value{
	"header": func(r match.Request, name string) starlark.Value { return found(r.Header(strings.ToLower(name))) },
	"cookie": func(r match.Request, name string) starlark.Value { return found(r.Cookie(name)) },
	"query":  func(r match.Request, name string) starlark.Value { return found(r.Query(name)) },
	"headers": func(r match.Request, name string) starlark.Value {
		name = strings.ToLower(name)
		var all []starlark.Value
		for v, at, ok := r.NextHeader(name, 0); ok; v, at, ok = r.NextHeader(name, at) {
			all = append(all, text(v))
		}
		return starlark.NewList(all)
	},
}

func found(b []byte, ok bool) starlark.Value {
	if !ok {
		return nil
	}
	return text(b)
}
