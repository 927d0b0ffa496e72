package request

import (
	"bytes"
	"net/netip"
	"unsafe"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/match"
)

// An Origin knows about a request what is not in its head.
type Origin interface {
	ClientIP() netip.Addr
	Scheme() string
	RequestID() []byte
}

// A View implements match.Request for a parsed head. Head and Origin are
// required. The head can be parsed again for the next request after a call of
// Release. A View is not safe for concurrent use.
type View struct {
	Head   *head.Request
	Origin Origin
	// Budget is what matching the request may cost, in the units of
	// match.Spender. It is raised to a minimum of some milliseconds.
	Budget int

	host  []byte // holds the result of Host if that differs from the head
	value []byte // holds the result of Query if that was escaped
	plain []byte // holds the result of Cookie if that was escaped
	names [nameKinds]names
	spent int
}

var (
	_ match.Request   = (*View)(nil)
	_ match.Certified = (*View)(nil)
)

// Method returns the method.
func (v *View) Method() []byte { return v.Head.Method }

// Path returns the decoded path.
func (v *View) Path() []byte { return v.Head.Path }

// RawPath returns the path as received.
func (v *View) RawPath() []byte { return v.Head.RawPath }

// Authority returns the host as received.
func (v *View) Authority() []byte { return v.Head.Host }

// ClientCert implements match.Certified. The certificate is that of the Origin, if that
// knows one.
func (v *View) ClientCert() match.Certificate {
	if c, ok := v.Origin.(match.Certified); ok {
		return c.ClientCert()
	}
	return nil
}

// Scheme returns "http" or "https".
func (v *View) Scheme() string { return v.Origin.Scheme() }

// ClientIP returns the client's address.
func (v *View) ClientIP() netip.Addr { return v.Origin.ClientIP() }

// Websocket reports whether this is a websocket handshake.
func (v *View) Websocket() bool { return v.Head.Upgrade }

// ContentLength returns the length of the body, or -1.
func (v *View) ContentLength() int64 { return v.Head.ContentLength }

// Proto returns the version of HTTP.
func (v *View) Proto() string { return v.Head.Proto }

// Host returns the host in lower case, without port and final dot, and an IPv6
// address in its short form.
func (v *View) Host() []byte {
	host := v.Head.Host
	if i := bytes.LastIndexByte(host, ':'); i >= 0 && bytes.IndexByte(host[i:], ']') < 0 {
		host = host[:i]
	}
	if len(host) > 0 && host[0] == '[' {
		return v.shortIPv6(host)
	}
	if n := len(host); n > 1 && host[n-1] == '.' {
		host = host[:n-1]
	}
	for i, c := range host {
		if 'A' <= c && c <= 'Z' {
			v.host = append(v.host[:0], host...)
			lower(v.host[i:])
			return v.host
		}
	}
	return host
}

// shortIPv6 returns an address in brackets in the form of netip: there are many
// ways to write one.
func (v *View) shortIPv6(host []byte) []byte {
	text := host[1 : len(host)-1]
	// The string lives only for this call.
	ip, err := netip.ParseAddr(unsafe.String(unsafe.SliceData(text), len(text)))
	if err != nil {
		return host
	}
	v.host = append(ip.AppendTo(append(v.host[:0], '[')), ']')
	return v.host
}

func lower(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] |= 0x20
		}
	}
}

// Header returns the first value of a header.
func (v *View) Header(name string) ([]byte, bool) {
	value, _, ok := v.NextHeader(name, 0)
	return value, ok
}

// NextHeader returns the next value of a header, starting at field at.
func (v *View) NextHeader(name string, at int) ([]byte, int, bool) {
	fields := v.Head.Fields
	t := &v.names[headerNames]
	switch {
	case at >= len(fields):
	case v.indexed(headerNames):
		at = v.fieldFrom(name, at)
	default:
		t.looked += len(fields)
	}
	for ; at < len(fields); at++ {
		f := &fields[at]
		if len(f.Name) != len(name) || f.Drop {
			continue
		}
		t.looked += len(name)
		if !head.EqualFold(f.Name, name) {
			continue
		}
		if head.Written.Has(f.Kind) {
			break // our own field is returned below
		}
		return f.Value, at + 1, true
	}
	if at <= len(fields) {
		value := v.written(name)
		return value, len(fields) + 1, len(value) > 0
	}
	return nil, at, false
}

// fieldFrom returns, from the table, the next field with a name after the one
// at at-1, which must have that name, too. If there is none, it returns the
// number of fields.
func (v *View) fieldFrom(name string, at int) int {
	t := &v.names[headerNames]
	if at > 0 {
		if next := t.next[at-1]; next > 0 {
			return int(next) - 1
		}
	} else if p := t.find(name); p != nil {
		return int(p.field)
	}
	return len(v.Head.Fields)
}

// written returns the value of a field that ldcorn writes for the app, or nil.
func (v *View) written(name string) []byte {
	switch {
	case name == head.KindXRequestID.String():
		return v.Origin.RequestID()
	case name == head.KindHost.String() && !v.Head.Seen().Has(head.KindHost):
		return v.Head.Host
	}
	return nil
}

// Cookie returns the value of the last cookie with a name, without quotes.
func (v *View) Cookie(name string) ([]byte, bool) {
	value, _, ok := v.cookie(name)
	return head.CookieValue(value, &v.plain), ok
}

// SoleCookie returns the value of the cookie with a name, decoded, unless there
// are several with different values.
func (v *View) SoleCookie(name string) ([]byte, bool) {
	value, several, ok := v.cookie(name)
	if several || !ok {
		return nil, false
	}
	value = head.CookieValue(value, &v.plain)
	if bytes.IndexByte(value, '%') >= 0 {
		v.value = head.AppendQueryDecoded(v.value[:0], value)
		value = v.value
	}
	return value, true
}

// cookie returns the value of the last cookie with a name, as received. several
// says that another one has a different value.
func (v *View) cookie(name string) (value []byte, several, ok bool) {
	if !v.Head.Seen().Has(head.KindCookie) {
		return nil, false, false
	}
	t := &v.names[cookieNames]
	if v.indexed(cookieNames) {
		p := t.find(name)
		if p == nil {
			return nil, false, false
		}
		_, value, _ = head.NextCookie(v.Head.Fields[p.field].Value[p.from:p.to])
		return value, p.several, true
	}
	for i := range v.Head.Fields {
		f := &v.Head.Fields[i]
		if !isCookie(f) {
			continue
		}
		t.looked += len(f.Value)
		for rest := f.Value; len(rest) > 0; {
			var own, found []byte
			if own, found, rest = head.NextCookie(rest); string(own) == name {
				several = several || ok && !bytes.Equal(found, value)
				value, ok = found, true
			}
		}
	}
	return value, several, ok
}

// Query returns the first value of a query parameter, decoded.
func (v *View) Query(name string) ([]byte, bool) {
	t := &v.names[queryNames]
	if v.indexed(queryNames) {
		p := t.find(name)
		if p == nil {
			return nil, false
		}
		_, value, _ := bytes.Cut(v.Head.Query[p.from:p.to], equals)
		return v.decoded(value), true
	}
	t.looked += len(v.Head.Query)
	for rest := v.Head.Query; len(rest) > 0; {
		var pair []byte
		pair, rest, _ = bytes.Cut(rest, ampersand)
		key, value, _ := bytes.Cut(pair, equals)
		if len(pair) > 0 && string(v.decoded(key)) == name {
			return v.decoded(value), true
		}
	}
	return nil, false
}

func (v *View) decoded(b []byte) []byte {
	if !isEscaped(b) {
		return b
	}
	v.value = head.AppendQueryDecoded(v.value[:0], b)
	return v.value
}

func isEscaped(b []byte) bool { return bytes.IndexByte(b, '%') >= 0 || bytes.IndexByte(b, '+') >= 0 }

// minBudget is the least that matching any request may cost: some milliseconds.
const minBudget = 4 << 20

func (v *View) budget() int { return max(v.Budget, minBudget) }

// Spend records what a match costs. See match.Spender.
func (v *View) Spend(units int) bool {
	v.spent = min(v.spent+units, v.budget()+1) // cannot overflow: a step is less than 2 GiB
	return v.spent <= v.budget()
}

// Release lets go of the last head, and of buffers that have grown large.
func (v *View) Release() {
	if cap(v.value) > maxValue {
		v.value = nil
	}
	if cap(v.plain) > maxValue {
		v.plain = nil
	}
	for i := range v.names {
		v.names[i].forget()
	}
	v.spent = 0
}

const maxValue = 4 << 10 // bytes in a reused buffer

var ampersand, equals = []byte("&"), []byte("=")
