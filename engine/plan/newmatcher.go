package plan

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// The constructors of matchers. Errors are about one value: they say what is
// wrong, then what to do, and do not repeat the value.

// NewPathMatcher matches paths that are one of these.
func NewPathMatcher(paths ...string) *Matcher { return ofValues(MatchPath, paths) }

// NewPrefixMatcher matches paths that begin with the segments of one of these.
func NewPrefixMatcher(prefixes ...string) *Matcher { return ofValues(MatchPrefix, prefixes) }

// NewMethodMatcher matches methods that are one of these.
func NewMethodMatcher(methods ...string) *Matcher { return ofValues(MatchMethod, methods) }

// NewHostMatcher matches hosts that are one of these, or below one that
// begins with "*."; they are what CheckHost returned.
func NewHostMatcher(hosts ...string) *Matcher { return ofValues(MatchHost, hosts) }

func ofValues(kind MatcherKind, values []string) *Matcher {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = strconv.Quote(v)
	}
	return &Matcher{Kind: kind, Values: values, text: fmt.Sprintf("%s(%s)", kind, strings.Join(quoted, ", "))}
}

// NewGlobMatcher matches paths as a route string with the same glob does.
func NewGlobMatcher(pattern string) (*Matcher, error) {
	test, err := newTest(TestGlob, pathGlob(pattern), '/')
	test.Text = pattern
	return &Matcher{Kind: MatchGlob, Test: test, text: fmt.Sprintf("%s(%q)", MatchGlob, pattern)}, err
}

// NewRegexMatcher matches paths that hold a match of a regular expression.
func NewRegexMatcher(expr string) (*Matcher, error) {
	test, err := NewTest(TestRegex, expr)
	return &Matcher{Kind: MatchRegex, Test: test, text: fmt.Sprintf("%s(%q)", MatchRegex, expr)}, err
}

// NewHeaderMatcher matches requests that have a header of which one value
// passes. The name is in lower case.
func NewHeaderMatcher(name string, test Test) *Matcher { return ofName(MatchHeader, name, test) }

// NewCookieMatcher matches requests that have a cookie whose value passes.
func NewCookieMatcher(name string, test Test) *Matcher { return ofName(MatchCookie, name, test) }

// NewQueryMatcher matches requests that have a query parameter whose value
// passes.
func NewQueryMatcher(name string, test Test) *Matcher { return ofName(MatchQuery, name, test) }

func ofName(kind MatcherKind, name string, test Test) *Matcher {
	return &Matcher{Kind: kind, Name: name, Test: test, text: fmt.Sprintf("%s(%q%s)", kind, name, test.argument())}
}

// NewClientIPMatcher matches clients in one of these networks.
func NewClientIPMatcher(nets ...netip.Prefix) *Matcher {
	quoted := make([]string, len(nets))
	for i, n := range nets {
		quoted[i] = strconv.Quote(n.String())
		if n.IsSingleIP() {
			quoted[i] = strconv.Quote(n.Addr().String())
		}
	}
	return &Matcher{Kind: MatchClientIP, Nets: nets, text: fmt.Sprintf("%s(%s)", MatchClientIP, strings.Join(quoted, ", "))}
}

// NewWebsocketMatcher matches websocket handshakes.
func NewWebsocketMatcher() *Matcher { return &Matcher{Kind: MatchWebsocket, text: "websocket()"} }

// NewPercentMatcher matches the clients in a share.
func NewPercentMatcher(share Share) *Matcher {
	return &Matcher{Kind: MatchPercent, Share: share, text: share.String()}
}

// NewAllMatcher matches what all parts match; there is at least one.
func NewAllMatcher(parts ...*Matcher) *Matcher { return joined(MatchAll, parts, " & ") }

// NewAnyMatcher matches what one of the parts matches; there is at least one.
func NewAnyMatcher(parts ...*Matcher) *Matcher { return joined(MatchAny, parts, " | ") }

// joined makes one list of parts that are joined the same way.
func joined(kind MatcherKind, parts []*Matcher, operator string) *Matcher {
	m := &Matcher{Kind: kind}
	for _, p := range parts {
		if p.Kind == kind {
			m.Parts = append(m.Parts, p.Parts...)
		} else {
			m.Parts = append(m.Parts, p)
		}
	}
	if len(m.Parts) == 1 {
		return m.Parts[0]
	}
	texts := make([]string, len(m.Parts))
	for i, p := range m.Parts {
		texts[i] = p.text
		if kind == MatchAll && p.Kind == MatchAny {
			texts[i] = "(" + p.text + ")"
		}
	}
	m.text = strings.Join(texts, operator)
	return m
}

// NewNotMatcher matches what the part does not.
func NewNotMatcher(part *Matcher) *Matcher {
	switch part.Kind {
	case MatchNot:
		return part.Parts[0]
	case MatchAll, MatchAny:
		return &Matcher{Kind: MatchNot, Parts: []*Matcher{part}, text: "~(" + part.text + ")"}
	}
	return &Matcher{Kind: MatchNot, Parts: []*Matcher{part}, text: "~" + part.text}
}

// CheckPath refuses what no path is.
func CheckPath(path string) error {
	switch {
	case path == "*":
		return errors.New("is no path; write prefix(\"/\") for every path")
	case path == "" || path[0] != '/':
		return fmt.Errorf("a path starts with \"/\"; did you mean %q?", "/"+path)
	}
	return nil
}

// CheckMethod refuses what no method is that a request comes with.
func CheckMethod(method string) error {
	upper := strings.ToUpper(method)
	switch {
	case !headerName.MatchString(method):
		return errors.New("is no method; write \"GET\", or another one")
	case upper == "TRACE" || upper == "CONNECT":
		return errors.New("ldcorn refuses such requests; leave it out")
	case method != upper && headerName.MatchString(upper):
		return fmt.Errorf("methods are written in upper case; write %q", upper)
	}
	return nil
}

var (
	hostName = regexp.MustCompile(`^[a-z0-9_~-]+(\.[a-z0-9_~-]+)*$`)
	hostPort = regexp.MustCompile(`^(.*[^:]):[0-9]+$`)
)

// CheckHost returns a host as matchers know it: in lower case and without a
// final dot.
func CheckHost(host string) (string, error) {
	h := strings.ToLower(strings.TrimSuffix(host, "."))
	name := strings.TrimPrefix(h, "*.")
	switch inner := strings.Trim(h, "[]"); {
	case h == "":
		return h, errors.New("the name is empty; write \"example.com\"")
	case h == "*":
		return h, errors.New("every request has a host; leave the matcher out")
	case strings.Contains(h, "://"):
		_, after, _ := strings.Cut(h, "://")
		after, _, _ = strings.Cut(after, "/")
		return h, fmt.Errorf("a host has no scheme; write %q", after)
	case strings.Contains(h, "/"):
		before, _, _ := strings.Cut(h, "/")
		return h, fmt.Errorf("a host has no path; write %q, and path(…) or prefix(…) beside it", before)
	case h == "["+inner+"]":
		if ip, err := netip.ParseAddr(inner); err != nil || !ip.Is6() || ip.Zone() != "" {
			return h, errors.New("is no IPv6 address in brackets; write \"[2001:db8::1]\"")
		}
		return h, nil
	case isIPv6(h):
		return h, fmt.Errorf("an IPv6 address as a host is in brackets; write %q", "["+h+"]")
	case hostPort.MatchString(h):
		return h, fmt.Errorf("a host is matched without its port; write %q", hostPort.ReplaceAllString(h, "$1"))
	case strings.Contains(name, "*"):
		return h, errors.New("a * stands only for all that is before a domain, as in \"*.example.com\"; write header(\"host\", glob=…) for another pattern")
	case hostName.MatchString(name):
		return h, nil
	}
	if strings.IndexFunc(h, func(r rune) bool { return r > 127 }) >= 0 {
		return h, errors.New("a request has such a name in its ASCII form; write that, which begins with \"xn--\"")
	}
	return h, errors.New("has characters that no host has; letters, digits, hyphens and dots are")
}

func isIPv6(s string) bool {
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Is6()
}

// UnseenHeader says why no app, and so no matcher and no key, ever sees a
// header of this name, or returns "".
func UnseenHeader(name string) string {
	switch lower := strings.ToLower(name); lower {
	case "connection", "keep-alive", "proxy-connection", "proxy-authorization", "proxy", "te", "http2-settings":
		return "it concerns one connection only"
	case "upgrade":
		return "it concerns one connection only; write websocket()"
	case "x-forwarded-for", "x-real-ip", "forwarded":
		return "ldcorn writes it anew; the client's address is client_ip(…), or by_client_ip()"
	case "x-forwarded-host":
		return "ldcorn writes it anew; write host(…)"
	case "x-forwarded-proto", "x-forwarded-port":
		return "ldcorn writes it anew"
	default:
		if strings.HasPrefix(lower, forwardedPrefix) {
			return "ldcorn removes what a client says of proxies; let the proxy in front use another name"
		}
	}
	if headerName.MatchString(name) && !plainName.MatchString(name) {
		return "frameworks read it as another name, so that no route can depend on it; use letters, digits, dots and hyphens"
	}
	return ""
}
