package request

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/ldcorn/ldcorn/engine/http1"
)

// A Header is one field of a Sample.
type Header struct {
	Name  string
	Value string
}

// SampleOptions are what a line does not say of a request.
type SampleOptions struct {
	Headers  []Header
	ClientIP netip.Addr // not valid is 127.0.0.1
	// Scheme is "http" or "https"; "" is that of the line's URL, else "http".
	Scheme      string
	Underscores bool // headers with "_" in their names reach the app (underscores_in_headers)
	Websocket   bool // a websocket handshake, as a ws: or wss: URL asks for too
	Budget      int  // as in View; 0 lets the request cost what it takes
}

// A Sample is a request that nobody has sent: for tests, and to ask what
// would become of one. It is a match.Request.
type Sample struct {
	View
	head   http1.Request
	origin sampleOrigin
}

const (
	sampleHost = "localhost"
	sampleID   = "0000000000000000"
	sampleKey  = "dGhlIHNhbXBsZSBub25jZQ==" // of RFC 6455
)

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// NewSample makes a request of a line as people write one: "GET /x?a=b",
// "GET http://host/x", "wss://host/chat" or just "/x". What a URL cannot hold
// as it is, is escaped as a browser does. The head is read as a client's is,
// so that the error of one that the proxy refuses is the proxy's reason.
func NewSample(line string, opts SampleOptions) (*Sample, error) {
	raw, scheme, err := compose(line, opts)
	if err != nil {
		return nil, err
	}
	s := &Sample{origin: sampleOrigin{
		ip: opts.ClientIP, scheme: cmp.Or(opts.Scheme, scheme), id: []byte(sampleID),
	}}
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
		if f.Kind == http1.KindXRequestID && len(f.Value) > 0 {
			s.origin.id = f.Value
		}
	}
	s.View = View{Head: &s.head, Origin: &s.origin, Budget: opts.Budget}
	return s, nil
}

// CheckLine fails where a line is none that NewSample can make a request of.
// That the proxy would refuse the request is no failure.
func CheckLine(line string) error {
	_, _, err := compose(line, SampleOptions{})
	return err
}

// compose writes the head of the request that a line means.
func compose(line string, opts SampleOptions) (raw []byte, scheme string, err error) {
	method, target, found := strings.Cut(strings.TrimSpace(line), " ")
	if !found {
		method, target = "GET", method
	}
	target = strings.TrimSpace(target)
	if target == "" || strings.ContainsAny(target, " \t\r\n") || found && strings.ContainsAny(method, "/:") {
		return nil, "", fmt.Errorf("%q is no request; write one as \"GET /path\" or \"GET http://host/path\"", line)
	}
	scheme, host, target, err := split(target)
	if err != nil {
		return nil, "", fmt.Errorf("%q is no request: %w", line, err)
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
			return nil, "", fmt.Errorf("the header %q holds a line end or NUL", h.Name)
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

// split takes a URL apart; a path alone is one of localhost.
func split(target string) (scheme, host, path string, err error) {
	if target[0] == '/' || target == "*" {
		return "http", sampleHost, target, nil
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

// escape writes what is not ASCII as a browser does. Bytes that a target
// cannot have stay, to be refused.
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
	scheme string
	id     []byte
}

func (o *sampleOrigin) ClientIP() netip.Addr { return o.ip }
func (o *sampleOrigin) Scheme() string       { return o.scheme }
func (o *sampleOrigin) RequestID() []byte    { return o.id }

// Spend notes what a match costs, where the sample has a budget.
func (s *Sample) Spend(units int) bool { return s.Budget == 0 || s.View.Spend(units) }
