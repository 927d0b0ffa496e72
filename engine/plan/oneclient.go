package plan

import (
	"fmt"

	"github.com/ldcorn/ldcorn/engine/match"
)

// noAddresses warns about settings by the client's address if no request has one:
// a peer on a unix socket has none, and without a trusted proxy, nobody says who
// the client is.
func noAddresses(p *Plan) (out []Problem) {
	if len(p.Listeners) == 0 {
		return nil
	}
	for i := range p.Listeners {
		if l := &p.Listeners[i]; l.Bind.Network != "unix" || len(l.TrustedProxies) > 0 {
			return nil
		}
	}
	byAddress := match.Key{By: match.KeyClientIP}
	warn := func(at Place, what, effect string) {
		out = append(out, Problem{
			Code: CodeNoAddress, Warning: true,
			Message: fmt.Sprintf("%s is by address, and clients of a unix socket have none: %s", what, effect),
			Label:   `with a proxy in front, add trusted_proxies=["127.0.0.1"] to LdConfig`,
			Place:   at,
		})
	}
	const oneLimit = "all count as one"
	if p.RateLimit.By == byAddress && !p.RateLimit.IsZero() {
		warn(Place{Argument: "rate_limit"}, "`rate_limit` of LdConfig", oneLimit)
	}
	for _, group := range p.Groups {
		if group.Fair == byAddress {
			warn(Place{Group: group, Argument: "fair"}, fmt.Sprintf("`fair` of group %q", group.Name), "all have one key")
		}
		if group.Sticky.Key == byAddress {
			warn(Place{Group: group, Argument: "sticky"}, fmt.Sprintf("`sticky` of group %q", group.Name), "it binds nobody")
		}
		if group.RateLimit.By == byAddress && !group.RateLimit.IsZero() {
			warn(Place{Group: group, Argument: "rate_limit"}, fmt.Sprintf("`rate_limit` of group %q", group.Name), oneLimit)
		}
		for i := range group.Routes {
			r := &group.Routes[i]
			at := Place{Group: group, Route: r}
			if r.RateLimit.By == byAddress && !r.RateLimit.IsZero() {
				warn(at, fmt.Sprintf("`rate_limit` of route %s", r), oneLimit)
			}
			if word := match.AddressWord(r.Matcher); word != "" {
				warn(at, fmt.Sprintf("`%s` of route %s", word, r), "it matches nobody")
			}
		}
	}
	return out
}
