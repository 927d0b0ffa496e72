package match

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// Host matches the given hosts and, for a name that begins with "*.", the hosts
// below it. The names must come from CheckHost.
func Host(names ...string) Matcher { return &hosts{base{call("host", names)}, names} }

type hosts struct {
	base
	names []string
}

func (m *hosts) Match(r Request) bool {
	host := lend(r.Host())
	for _, name := range m.names {
		if isHost(host, name) {
			return true
		}
	}
	return false
}

// Hosts returns the names of all Host matchers in m, other than in a Not.
func Hosts(m Matcher) (names []string) {
	switch m := m.(type) {
	case *hosts:
		return m.names
	case *all:
		for _, p := range m.parts {
			names = append(names, Hosts(p)...)
		}
	case *anyOf:
		for _, p := range m.parts {
			names = append(names, Hosts(p)...)
		}
	}
	return names
}

// isHost reports whether a host matches a name: "*.example.com" matches
// everything below example.com.
func isHost(host, name string) bool {
	if end, ok := strings.CutPrefix(name, "*"); ok {
		return len(host) > len(end) && strings.HasSuffix(host, end)
	}
	return host == name
}

func (m *hosts) WhyNot(r Request) string { return fmt.Sprintf("%s: the host is %q", m.text, r.Host()) }

func (m *hosts) traits() []trait {
	return each(m.names, func(name string) trait {
		if name[0] == '*' {
			return trait{by: byDomain, value: name[1:]}
		}
		return trait{by: byHost, value: name}
	})
}

func (m *hosts) within(c *Comparer, other Matcher) bool {
	o, ok := other.(*hosts)
	return ok && everyOf(c, m.names, o.names, hostWithin)
}

func (m *hosts) apart(c *Comparer, other Matcher) bool {
	o, ok := other.(*hosts)
	return ok && noneOf(c, m.names, o.names, func(x, y string) bool { return hostWithin(x, y) || hostWithin(y, x) })
}

// hostWithin reports whether every host that matches x also matches y.
func hostWithin(x, y string) bool {
	if x[0] == '*' {
		return y[0] == '*' && strings.HasSuffix(x[1:], y[1:])
	}
	return isHost(x, y)
}

var (
	hostName = regexp.MustCompile(`^[a-z0-9_~-]+(\.[a-z0-9_~-]+)*$`)
	hostPort = regexp.MustCompile(`^(.*[^:]):[0-9]+$`)
)

// CheckHost returns a host in the form that matchers use: in lower case and
// without a final dot, an IPv6 address in its short form. The error says what
// is wrong, then what to do.
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
		return h, fmt.Errorf("a host has no path; write %q, and path(…) or prefix(…) in addition", before)
	case h == "["+inner+"]":
		ip, err := netip.ParseAddr(inner)
		if err != nil || !ip.Is6() || ip.Zone() != "" {
			return h, errors.New("is not an IPv6 address in brackets; write \"[2001:db8::1]\"")
		}
		return "[" + ip.String() + "]", nil
	case isIPv6(h):
		return h, fmt.Errorf("an IPv6 address as a host must be in brackets; write %q", "["+h+"]")
	case hostPort.MatchString(h):
		return h, fmt.Errorf("a host is matched without its port; write %q", hostPort.ReplaceAllString(h, "$1"))
	case strings.Contains(name, "*"):
		return h, errors.New("a * can stand only for everything before a domain, as in \"*.example.com\"; write header(\"host\", glob=…) for another pattern")
	case hostName.MatchString(name):
		return h, nil
	}
	if strings.IndexFunc(h, func(r rune) bool { return r > 127 }) >= 0 {
		return h, errors.New("requests have this name in its ASCII form; write that, which begins with \"xn--\"")
	}
	return h, errors.New("has characters that a host cannot have; use letters, digits, hyphens and dots")
}

func isIPv6(s string) bool {
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Is6()
}
