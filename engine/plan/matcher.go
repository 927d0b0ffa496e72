package plan

import (
	"net/netip"
	"slices"
	"strings"
	"unsafe"
)

// MatcherKind says what a Matcher looks at.
type MatcherKind string

// The kinds of matcher, named as the configuration's words.
const (
	MatchPath      MatcherKind = "path"
	MatchPrefix    MatcherKind = "prefix"
	MatchGlob      MatcherKind = "glob"
	MatchRegex     MatcherKind = "regex"
	MatchHost      MatcherKind = "host"
	MatchMethod    MatcherKind = "method"
	MatchHeader    MatcherKind = "header"
	MatchCookie    MatcherKind = "cookie"
	MatchQuery     MatcherKind = "query"
	MatchClientIP  MatcherKind = "client_ip"
	MatchWebsocket MatcherKind = "websocket"
	MatchPercent   MatcherKind = "percent"
	MatchAll       MatcherKind = "all_of"
	MatchAny       MatcherKind = "any_of"
	MatchNot       MatcherKind = "not_"
)

// A Matcher decides which requests a route takes. It is made by the New
// functions, compiled, and never changes; two that are written the same have
// the same String.
type Matcher struct {
	Kind   MatcherKind
	Name   string         // of a header in lower case, a cookie or a query parameter
	Values []string       // of path, prefix, host, method: one of these
	Test   Test           // of glob, regex: the path; of header, cookie, query: the value
	Nets   []netip.Prefix // of client_ip: one of these
	Share  Share          // of percent
	Parts  []*Matcher     // of all_of, any_of: at least two; of not_: one

	text string
}

// String writes the matcher as the configuration does.
func (m *Matcher) String() string { return m.text }

// Match reports whether a request matches. It allocates nothing.
func (m *Matcher) Match(r Request) bool {
	switch m.Kind {
	case MatchPath:
		return m.among(r.Path())
	case MatchPrefix:
		return m.isBelow(r.Path())
	case MatchGlob, MatchRegex:
		return m.Test.matches(r, r.Path())
	case MatchHost:
		return m.isHost(r.Host())
	case MatchMethod:
		return m.among(r.Method())
	case MatchHeader:
		return m.matchHeader(r)
	case MatchCookie:
		v, ok := r.Cookie(m.Name)
		return ok && m.Test.matches(r, v)
	case MatchQuery:
		v, ok := r.Query(m.Name)
		return ok && m.Test.matches(r, v)
	case MatchClientIP:
		return m.isWithin(r.ClientIP())
	case MatchWebsocket:
		return r.Websocket()
	case MatchPercent:
		return m.Share.takes(r)
	case MatchAll:
		for _, p := range m.Parts {
			if !p.Match(r) {
				return false
			}
		}
		return true
	case MatchAny:
		for _, p := range m.Parts {
			if p.Match(r) {
				return true
			}
		}
		return false
	case MatchNot:
		return !m.Parts[0].Match(r)
	}
	return false
}

// among reports whether b is one of the values.
func (m *Matcher) among(b []byte) bool {
	for _, v := range m.Values {
		if string(b) == v {
			return true
		}
	}
	return false
}

// isBelow reports whether the path is one of the values, or below one.
func (m *Matcher) isBelow(path []byte) bool {
	for _, v := range m.Values {
		if below(path, v) {
			return true
		}
	}
	return false
}

// below reports whether a path begins with the segments of a prefix. One that
// ends with a slash takes what is behind the slash, and not what is before.
func below[P string | []byte](path P, prefix string) bool {
	n := len(prefix)
	return len(path) >= n && string(path[:n]) == prefix &&
		(len(path) == n || prefix[n-1] == '/' || path[n] == '/')
}

// isHost reports whether the host is one of the values: "*.example.com" is
// every one below example.com.
func (m *Matcher) isHost(host []byte) bool {
	for _, v := range m.Values {
		if hostMatches(host, v) {
			return true
		}
	}
	return false
}

func hostMatches[H string | []byte](host H, value string) bool {
	if suffix, ok := strings.CutPrefix(value, "*"); ok {
		n := len(host) - len(suffix)
		return n > 0 && string(host[n:]) == suffix
	}
	return string(host) == value
}

// matchHeader reports whether one of the header's values passes.
func (m *Matcher) matchHeader(r Request) bool {
	for v, at, ok := r.NextHeader(m.Name, 0); ok; v, at, ok = r.NextHeader(m.Name, at) {
		if m.Test.matches(r, v) {
			return true
		}
	}
	return false
}

func (m *Matcher) isWithin(ip netip.Addr) bool {
	if !ip.IsValid() {
		return false
	}
	ip = ip.Unmap().WithZone("")
	return slices.ContainsFunc(m.Nets, func(n netip.Prefix) bool { return n.Contains(ip) })
}

// lend returns the bytes as a string, which must not outlive them.
func lend(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
