package plan

import (
	"fmt"
	"strings"
)

// WhyNot says why the route does not take a request that it does not take, in
// a few words that follow on it: "the path is "/b"".
func (r *Route) WhyNot(req Request) string {
	switch r.Kind {
	case RouteMatcher:
		return r.Matcher.WhyNot(req)
	case RoutePrefix:
		return fmt.Sprintf("the path %q does not begin so", req.Path())
	}
	return fmt.Sprintf("the path %q does not fit the glob", req.Path())
}

// WhyNot says why the matcher does not match a request that it does not
// match: what is there in place of what it wants.
func (m *Matcher) WhyNot(r Request) string {
	switch m.Kind {
	case MatchPath, MatchPrefix, MatchGlob, MatchRegex:
		return fmt.Sprintf("%s: the path is %q", m, r.Path())
	case MatchHost:
		return fmt.Sprintf("%s: the host is %q", m, r.Host())
	case MatchMethod:
		return fmt.Sprintf("%s: the method is %s", m, r.Method())
	case MatchHeader, MatchCookie, MatchQuery:
		return m.whyNotNamed(r)
	case MatchClientIP:
		if ip := r.ClientIP(); ip.IsValid() {
			return fmt.Sprintf("%s: the client is %s", m, ip)
		}
		return fmt.Sprintf("%s: the client has no address", m)
	case MatchWebsocket:
		return fmt.Sprintf("%s: the request is none", m)
	case MatchPercent:
		return m.Share.whyNot(r)
	case MatchNot:
		return fmt.Sprintf("%s: %s does match", m, m.Parts[0])
	}
	var reasons []string
	for _, p := range m.Parts {
		if p.Match(r) {
			continue
		}
		reasons = append(reasons, p.WhyNot(r))
		if m.Kind == MatchAll {
			break
		}
	}
	return strings.Join(reasons, "; ")
}

func (m *Matcher) whyNotNamed(r Request) string {
	what := map[MatcherKind]string{MatchHeader: "header", MatchCookie: "cookie", MatchQuery: "parameter"}[m.Kind]
	var values []string
	switch m.Kind {
	case MatchHeader:
		for v, at, ok := r.NextHeader(m.Name, 0); ok; v, at, ok = r.NextHeader(m.Name, at) {
			values = append(values, fmt.Sprintf("%q", v))
		}
	case MatchCookie:
		if v, ok := r.Cookie(m.Name); ok {
			values = append(values, fmt.Sprintf("%q", v))
		}
	case MatchQuery:
		if v, ok := r.Query(m.Name); ok {
			values = append(values, fmt.Sprintf("%q", v))
		}
	}
	if len(values) == 0 {
		return fmt.Sprintf("%s: there is no such %s", m, what)
	}
	return fmt.Sprintf("%s: the %s is %s", m, what, strings.Join(values, ", "))
}

func (s *Share) whyNot(r Request) string {
	h, ok := s.hash(r)
	if !ok {
		return fmt.Sprintf("%s: the request has no such key", s)
	}
	return fmt.Sprintf("%s: the client is at %s of 100", s, formatPercent(float64(h>>32*10000>>32)/100))
}
