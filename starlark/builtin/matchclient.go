package builtin

import (
	"net/netip"
	"slices"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// clientWords returns the words for matchers of the client.
func clientWords() []matcherWord {
	return []matcherWord{
		{Word{Name: "client_ip", Doc: "Matches the address of the client. Behind trusted proxies, it is the address that they report.", Arguments: []Argument{
			some("networks", "str", `networks such as "10.0.0.0/8", or single addresses`, "The networks, one of which must contain the address.", `"10.0.0.0/8"`, "cidr", "network", "ip")}},
			func(c *call, have map[string]*given) match.Matcher {
				return match.ClientIP(c.networks(have["networks"])...)
			}},
	}
}

// networks reads networks and drops duplicates.
func (c *call) networks(g *given) (nets []netip.Prefix) {
	if g == nil {
		return nil
	}
	for i, v := range g.value.(starlark.Tuple) {
		net, err := value.Prefix(v)
		if err != nil {
			c.wrongValue(g, &value.ElementError{Index: i, Err: err})
			continue
		}
		if !slices.Contains(nets, net) {
			nets = append(nets, net)
		}
	}
	return nets
}
