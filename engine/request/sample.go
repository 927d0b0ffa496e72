package request

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/match"
)

// A Header is one field of a Sample.
type Header struct {
	Name  string
	Value string
}

// SampleOptions describe what a line does not say about a request.
type SampleOptions struct {
	Headers  []Header
	ClientIP netip.Addr // 127.0.0.1 if invalid
	// ClientCert is the certificate that the client has shown; nil = none.
	ClientCert *Certificate
	// Scheme is "http" or "https"; "" means that of the line's URL, or else "https"
	// for a client with a certificate and "http" for others.
	Scheme      string
	Underscores bool // pass headers with "_" in their names to the app (underscores_in_headers)
	Websocket   bool // make it a websocket handshake; a ws: or wss: URL always does
	Budget      int  // as in View; 0 means no limit
}

// A Sample is a request that nobody has sent: for tests, and to find out what
// would happen to it. It implements match.Request.
type Sample struct {
	View
	head   http1.Request
	origin sampleOrigin
}

const (
	sampleHost = "localhost"
	sampleID   = "0000000000000000"
	sampleKey  = "dGhlIHNhbXBsZSBub25jZQ==" // from RFC 6455
)

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// NewSample makes a request from a line as people write it: "GET /x?a=b", "GET
// http://host/x", "wss://host/chat" or just "/x". It escapes characters that a
// URL cannot contain as a browser does. It reads the head as if it came from a
// client, so that if the proxy would refuse the request, the error is the
// proxy's reason.
func NewSample(line string, opts SampleOptions) (*Sample, error) {
	raw, scheme, err := compose(line, opts)
	if err != nil {
		return nil, err
	}
	s := &Sample{origin: sampleOrigin{
		ip: opts.ClientIP, cert: opts.ClientCert, scheme: cmp.Or(opts.Scheme, scheme, "http"), id: []byte(sampleID),
	}}
	if opts.Scheme == "" && scheme == "" && opts.ClientCert != nil {
		s.origin.scheme = "https"
	}
	if !s.origin.ip.IsValid() {
		s.origin.ip = loopback
	}
	limits := http1.DefaultLimits
	limits.MaxHead = max(limits.MaxHead, len(raw)+1)
	limits.MaxLine, limits.Underscores = limits.MaxHead, opts.Underscores
	n, refused := s.head.Parse(raw, &limits)
	switch {
	case refused != nil:
		return nil, fmt.Errorf("ldcorn answers %q with %d: %w", line, refused.Status, refused)
	case n != len(raw):
		return nil, fmt.Errorf("%q is not one request", line)
	}
	for _, f := range s.head.Fields {
		if f.Kind == head.KindXRequestID && len(f.Value) > 0 {
			s.origin.id = f.Value
		}
	}
	s.View = View{Head: &s.head.Request, Origin: &s.origin, Budget: opts.Budget}
	return s, nil
}

// CheckLine returns an error if NewSample cannot make a request from a line. A
// request that the proxy would refuse is not an error.
func CheckLine(line string) error {
	_, _, err := compose(line, SampleOptions{})
	return err
}

// compose returns the head of the request that a line describes. scheme is that of the
// line's URL, or "" if it is a path.
func compose(line string, opts SampleOptions) (raw []byte, scheme string, err error) {
	method, target, found := strings.Cut(strings.TrimSpace(line), " ")
	if !found {
		method, target = "GET", method
	}
	target = strings.TrimSpace(target)
	if target == "" || strings.ContainsAny(target, " \t\r\n") || found && strings.ContainsAny(method, "/:") {
		return nil, "", fmt.Errorf("%q is not a request; write one as \"GET /path\" or \"GET http://host/path\"", line)
	}
	scheme, host, target, err := split(target)
	if err != nil {
		return nil, "", fmt.Errorf("%q is not a request: %w", line, err)
	}
	websocket := opts.Websocket
	switch scheme {
	case "ws":
		scheme, websocket = "http", true
	case "wss":
		scheme, websocket = "https", true
	}
	raw = http1.AppendRequestLine(nil, method, escape(target))
	for _, h := range opts.Headers {
		if strings.EqualFold(h.Name, "host") {
			host = ""
		}
		if strings.ContainsAny(h.Name+h.Value, "\r\n\x00") {
			return nil, "", fmt.Errorf("the header %q contains a line break or NUL", h.Name)
		}
		raw = http1.AppendField(raw, h.Name, h.Value)
	}
	if host != "" {
		raw = http1.AppendField(raw, "Host", host)
	}
	if websocket {
		raw = append(raw, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"...)
		raw = http1.AppendField(raw, "Sec-WebSocket-Key", sampleKey)
	}
	return append(raw, "\r\n"...), scheme, nil
}

// split splits a URL; a path alone belongs to localhost.
func split(target string) (scheme, host, path string, err error) {
	if target[0] == '/' || target == "*" {
		return "", sampleHost, target, nil
	}
	scheme, rest, found := strings.Cut(target, "://")
	scheme = strings.ToLower(scheme)
	switch {
	case !found:
		return "", "", "", fmt.Errorf("a path begins with /, a URL with http://")
	case scheme != "http" && scheme != "https" && scheme != "ws" && scheme != "wss":
		return "", "", "", fmt.Errorf("the scheme %q is not one of http, https, ws, wss", scheme)
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host, path = rest[:end], rest[end:]
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	return scheme, host, path, nil
}

// escape escapes what is not ASCII as a browser does. Bytes that a target
// cannot contain stay, so that the request is refused.
func escape(target string) string {
	if strings.IndexFunc(target, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return target
	}
	var b strings.Builder
	for i := 0; i < len(target); i++ {
		if c := target[i]; c < utf8.RuneSelf {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// sampleOrigin is the Origin of a Sample.
type sampleOrigin struct {
	ip     netip.Addr
	cert   *Certificate
	scheme string
	id     []byte
}

func (o *sampleOrigin) ClientIP() netip.Addr { return o.ip }
func (o *sampleOrigin) Scheme() string       { return o.scheme }
func (o *sampleOrigin) RequestID() []byte    { return o.id }

// ClientCert implements match.Certified.
func (o *sampleOrigin) ClientCert() match.Certificate {
	if o.cert == nil {
		return nil // and not a pointer that is nil
	}
	return o.cert
}

// Spend records what a match costs, if the sample has a budget.
func (s *Sample) Spend(units int) bool { return s.Budget == 0 || s.View.Spend(units) }
