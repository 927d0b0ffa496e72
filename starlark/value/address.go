package value

import (
	"fmt"
	"net/netip"
	"strings"

	"go.starlark.net/starlark"
)

// Prefix reads a network such as "10.0.0.0/8" or "fd00::/8"; a single
// address stands for itself. What is written as IPv4 within IPv6 is read as
// IPv4, which is how clients are known.
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
		return netip.Prefix{}, Wrong(prefixLabel(s), "is no network: %q", short(s))
	}
	if p.Addr().Is4In6() {
		if p.Bits() < mappedBits {
			return netip.Prefix{}, Wrong(fmt.Sprintf("write %q for the one address, or a network such as \"10.0.0.0/8\"", p.Addr().Unmap()),
				"is wider than all of IPv4: %q", short(s))
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mappedBits)
	}
	if masked := p.Masked(); masked != p {
		return netip.Prefix{}, Wrong(fmt.Sprintf("write %q for the network, or %q for the one address", masked, p.Addr()),
			"has bits set beyond its length: %q", s)
	}
	return p, nil
}

// mappedBits are those in front of an IPv4 address within IPv6, ::ffff:0:0/96.
const mappedBits = 96

func prefixLabel(s string) string {
	if strings.Contains(s, "*") || s == "any" || s == "all" {
		return `write "0.0.0.0/0" and "::/0" to trust every peer`
	}
	return `write it as "10.0.0.0/8", "fd00::/8" or "127.0.0.1"`
}
