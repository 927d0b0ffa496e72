package match

import (
	"fmt"
	"net/netip"
)

// ClientIP matches clients in any of the networks.
func ClientIP(nets ...netip.Prefix) Matcher {
	texts := make([]string, len(nets))
	for i, n := range nets {
		texts[i] = n.String()
		if n.IsSingleIP() {
			texts[i] = n.Addr().String()
		}
	}
	return &clients{base{call("client_ip", texts)}, nets}
}

type clients struct {
	base
	nets []netip.Prefix
}

func (m *clients) Match(r Request) bool {
	ip := r.ClientIP()
	if !ip.IsValid() {
		return false
	}
	ip = ip.Unmap().WithZone("")
	for _, n := range m.nets {
		if n.Contains(ip) {
			return true
		}
	}
	return false
}

func (m *clients) WhyNot(r Request) string {
	if ip := r.ClientIP(); ip.IsValid() {
		return fmt.Sprintf("%s: the client is %s", m.text, ip)
	}
	return fmt.Sprintf("%s: the client has no address", m.text)
}

func (m *clients) traits() []trait {
	return each(m.nets, func(n netip.Prefix) trait { return trait{by: byClient, net: n.Masked()} })
}

func (m *clients) within(c *Comparer, other Matcher) bool {
	o, ok := other.(*clients)
	return ok && everyOf(c, m.nets, o.nets, func(x, y netip.Prefix) bool { return y.Bits() <= x.Bits() && y.Contains(x.Addr()) })
}

func (m *clients) apart(c *Comparer, other Matcher) bool {
	o, ok := other.(*clients)
	return ok && noneOf(c, m.nets, o.nets, netip.Prefix.Overlaps)
}
