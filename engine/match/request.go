package match

import "net/netip"

// A Request is what matchers and a router may ask of a request: what the app
// will see of it. Everything is read when it is asked for, and asking
// allocates nothing. Names of headers are given in lower case. The bytes that
// are returned must not be changed, and are valid as long as the request is
// served; those of Host and Query only until the same is asked again.
//
// Fields that no app gets to see are not there: those of one connection, such
// as Upgrade, and those that ldcorn writes itself, such as X-Forwarded-For,
// whose content the other methods tell. X-Request-ID is the one that the app
// gets.
type Request interface {
	Method() []byte
	Path() []byte    // decoded once, without the query
	RawPath() []byte // as it came, still escaped
	// Host is the host that was asked for in lower case, without its port and
	// without a final dot; an IPv6 address is in brackets and in its short form.
	// Where an HTTP/1.0 client asks for none, it is the address that it has
	// connected to.
	Host() []byte
	Authority() []byte // the host with its port
	Scheme() string    // "http" or "https", as trusted proxies tell it; of a websocket too
	// ClientIP is the address that the app sees, from behind trusted proxies
	// as they tell it. It is not valid for a client on a unix socket.
	ClientIP() netip.Addr
	Proto() string        // "HTTP/1.0" or "HTTP/1.1"
	Websocket() bool      // a valid websocket handshake
	ContentLength() int64 // -1 where none is given: no body, or a chunked one

	// Header returns the first value of a header.
	Header(name string) ([]byte, bool)
	// NextHeader returns the next value of a header, from the place at on, and
	// where to go on; at is 0 for the first one:
	//
	//	for v, at, ok := r.NextHeader(name, 0); ok; v, at, ok = r.NextHeader(name, at)
	NextHeader(name string, at int) (value []byte, next int, ok bool)
	// Cookie returns the value of the first cookie of a name, as it came.
	Cookie(name string) ([]byte, bool)
	// Query returns the first value of a query parameter, decoded as Python
	// does: + is a space, a broken escape stays as it is, and what is no UTF-8
	// becomes U+FFFD. A name without "=" has an empty value.
	Query(name string) ([]byte, bool)
}

// A Spender is a Request that bounds what matching it may cost. The work of a
// pattern grows with the text that a client has chosen, and there may be as
// many patterns as routes.
type Spender interface {
	// Spend notes work, in units of about a nanosecond. It is false once the
	// request has used up what it may cost: nothing matches it then, and it
	// must be refused. No units ask whether that is so.
	Spend(units int) bool
}

// Spend spends of a request, where the request bounds its cost.
func Spend(r Request, units int) bool {
	s, ok := r.(Spender)
	return !ok || s.Spend(units)
}
