package value

import (
	"fmt"
	"net/netip"
	"strings"

	"go.starlark.net/starlark"
)

// Prefix reads a network such as "10.0.0.0/8" or "fd00::/8"; a single address
// is a network of one. IPv4 written as IPv6 becomes IPv4, because that is how
// client addresses are represented.
func Prefix(v starlark.Value) (netip.Prefix, error) {
	s, err := String(v)
	if err != nil {
		return netip.Prefix{}, err
	}
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, Wrong(prefixLabel(s), "is not a network: %q", short(s))
	}
	if p.Addr().Is4In6() {
		if p.Bits() < mappedBits {
			return netip.Prefix{}, Wrong(fmt.Sprintf("write %q for this single address, or a network such as \"10.0.0.0/8\"", p.Addr().Unmap()),
				"is wider than all of IPv4: %q", short(s))
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mappedBits)
	}
	if masked := p.Masked(); masked != p {
		return netip.Prefix{}, Wrong(fmt.Sprintf("write %q for the network, or %q for this single address", masked, p.Addr()),
			"has bits set beyond its length: %q", s)
	}
	return p, nil
}

// mappedBits is the length of the prefix ::ffff:0:0/96, which maps IPv4
// addresses into IPv6.
const mappedBits = 96

func prefixLabel(s string) string {
	if strings.Contains(s, "*") || s == "any" || s == "all" {
		return `write "0.0.0.0/0" and "::/0" to trust every peer`
	}
	return `write it as "10.0.0.0/8", "fd00::/8" or "127.0.0.1"`
}
