package builtin

import (
	"errors"
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
		{Word{Name: "client_cert", Doc: "Matches clients that have shown a certificate on a listener with `client_ca`. With several arguments, the certificate must have all that they say; " +
			"without arguments, every certificate matches.", Arguments: []Argument{
			{Name: "subject", Type: "str | list[str]", Keyword: true, Absent: "every subject", Rule: "as X-Client-Cert-Subject has it; with a list, one of them",
				Doc: "The subject.", Example: `"CN=worker,O=Example"`, aka: []string{"dn", "cn", "common_name"}},
			{Name: "san", Type: "str | list[str]", Keyword: true, Absent: "all names", Rule: "with DNS:, email:, URI: or IP: before it; with a list, one of them",
				Doc: "One of the names (subjectAltName).", Example: `"URI:spiffe://example.com/worker"`, aka: []string{"name", "dns", "subject_alt_name", "uri"}},
			{Name: "fingerprint", Type: "str | list[str]", Keyword: true, Absent: "every certificate", Rule: "64 hexadecimal digits, which can have colons between them; with a list, one of them",
				Doc: "The SHA-256 of the certificate.", aka: []string{"sha256", "hash", "thumbprint"}}}},
			func(c *call, have map[string]*given) match.Matcher {
				return match.ClientCert(c.several(have["subject"], match.ParseCertSubject), c.several(have["san"], match.ParseCertName), c.several(have["fingerprint"], match.ParseCertFingerprint))
			}},
	}
}

// several reads a string or a list of them, which are texts of certificates.
func (c *call) several(g *given, parse func(string) (string, error)) (out []string) {
	if g == nil {
		return nil
	}
	elems, err := value.List(g.value, "strings")
	one := err != nil
	if one {
		elems = []starlark.Value{g.value}
	}
	if len(elems) == 0 {
		c.wrongValue(g, value.Wrong("omit the argument", "must hold at least one string"))
	}
	for i, e := range elems {
		s, err := value.String(e)
		if err == nil {
			s, err = parse(s)
		}
		if wrong, ok := errors.AsType[*match.CertTextError](err); ok {
			err = value.Wrong(wrong.Right, "%s", wrong.Wrong)
		}
		switch {
		case err != nil && one:
			c.wrongValue(g, err)
		case err != nil:
			c.wrongValue(g, &value.ElementError{Index: i, Err: err})
		default:
			out = append(out, s)
		}
	}
	return out
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
