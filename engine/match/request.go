package match

import "net/netip"

// A Request is what matchers and a router can ask about a request: what the app
// will see of it. A method reads its part only when it is called, and allocates
// nothing. Names of headers must be in lower case. Returned bytes must not be
// changed. They are valid as long as the request is served, but those of Host,
// Query, Cookie and SoleCookie only until the next call of any of these methods.
//
// Fields that no app gets to see do not exist: those that apply to one
// connection, such as Upgrade, and those that ldcorn itself writes, such as
// X-Forwarded-For, whose content the other methods return. X-Request-ID has the
// value that the app gets.
type Request interface {
	Method() []byte
	Path() []byte    // decoded once, without the query
	RawPath() []byte // as received, still escaped
	// Host returns the requested host in lower case, without its port and
	// without a final dot; an IPv6 address is in brackets and in its short
	// form. If an HTTP/1.0 client names no host, it is the address that the
	// client connected to.
	Host() []byte
	Authority() []byte // the host with its port
	Scheme() string    // "http" or "https", even for a websocket, as trusted proxies report it
	// ClientIP returns the address that the app sees; behind trusted proxies,
	// the one that they report. It is invalid for a client on a unix socket.
	ClientIP() netip.Addr
	Proto() string        // "HTTP/1.0" or "HTTP/1.1"
	Websocket() bool      // a valid websocket handshake
	ContentLength() int64 // -1 if not given: no body, or a chunked one

	// Header returns the first value of a header.
	Header(name string) ([]byte, bool)
	// NextHeader returns the first value of a header at or after position at,
	// and the position to continue from; at is 0 for the first value:
	//
	//	for v, at, ok := r.NextHeader(name, 0); ok; v, at, ok = r.NextHeader(name, at) {
	NextHeader(name string, at int) (value []byte, next int, ok bool)
	// Cookie returns the value of the last cookie with a name, without quotes
	// around it and the escapes between them: as Starlette and Django read it.
	Cookie(name string) ([]byte, bool)
	// SoleCookie returns the value of a cookie as Cookie does, but percent
	// escapes are decoded as well, and there is no value if the request has
	// several that differ. So a client cannot write a value in two ways, whatever
	// the app reads.
	SoleCookie(name string) ([]byte, bool)
	// Query returns the first value of a query parameter, decoded as Python
	// does: + is a space, a broken escape stays as it is, and invalid UTF-8
	// becomes U+FFFD. A name without "=" has an empty value.
	Query(name string) ([]byte, bool)
}

// A Spender is a Request that bounds the cost of matching it. The work for a
// pattern grows with a text that the client chooses, and there may be as many
// patterns as routes.
type Spender interface {
	// Spend records work, in units of about a nanosecond. It returns false once
	// the request has used up its budget: then nothing matches it, and it must
	// be refused. Spend(0) checks whether that is so.
	Spend(units int) bool
}

// Spend spends units of a request's budget, if it has one.
func Spend(r Request, units int) bool {
	s, ok := r.(Spender)
	return !ok || s.Spend(units)
}
