package route

import (
	"net/netip"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A key is something that a request must have for a matcher to match, by
// which the index finds the matcher.
type key struct {
	by    source
	kind  plan.MatcherKind // of the name: header, cookie or query
	name  string
	value string       // of it; or the path, prefix, host or method
	net   netip.Prefix // of the client
}

// source is what a key is about. The order is that of preference: the first
// ones are had by the fewest requests.
type source uint8

const (
	bySome    source = iota // a name with a value
	byPath                  // the whole path
	byHost                  // the whole host
	byClient                // a network that the client is in
	byPrefix                // the start of the path
	byDomain                // the end of the host, from a dot on
	byName                  // a name with any value
	byMethod                // the method
	byNothing               // there is no key
)

// maxKeys bounds the places that one matcher takes in the index.
const maxKeys = 256

// keys returns keys of which a request that m matches has at least one, or nil
// where there are none.
func keys(m *plan.Matcher) []key {
	var out []key
	switch m.Kind {
	case plan.MatchPath:
		return each(m.Values, func(v string) key { return key{by: byPath, value: v} })
	case plan.MatchPrefix:
		return each(m.Values, func(v string) key { return key{by: byPrefix, value: v} })
	case plan.MatchGlob, plan.MatchRegex:
		if lit := m.Test.Literal(); len(lit) > 1 {
			return []key{{by: byPrefix, value: lit}}
		}
	case plan.MatchHost:
		return each(m.Values, hostKey)
	case plan.MatchMethod:
		return each(m.Values, func(v string) key { return key{by: byMethod, value: v} })
	case plan.MatchClientIP:
		return each(m.Nets, func(n netip.Prefix) key { return key{by: byClient, net: n} })
	case plan.MatchHeader, plan.MatchCookie, plan.MatchQuery:
		k := key{by: byName, kind: m.Kind, name: m.Name}
		if m.Test.Kind == plan.TestEqual {
			k.by, k.value = bySome, m.Test.Text
		}
		return []key{k}
	case plan.MatchPercent:
		return shareKeys(m.Share.By)
	case plan.MatchAll:
		for _, p := range m.Parts {
			if ks := keys(p); better(ks, out) {
				out = ks
			}
		}
	case plan.MatchAny:
		for _, p := range m.Parts {
			ks := keys(p)
			if out = append(out, ks...); ks == nil || len(out) > maxKeys {
				return nil
			}
		}
	}
	return out
}

func shareKeys(by plan.Key) []key {
	switch by.By {
	case plan.KeyCookie:
		return []key{{by: byName, kind: plan.MatchCookie, name: by.Name}}
	case plan.KeyHeader:
		return []key{{by: byName, kind: plan.MatchHeader, name: by.Name}}
	}
	return nil
}

func hostKey(v string) key {
	if v[0] == '*' {
		return key{by: byDomain, value: v[1:]}
	}
	return key{by: byHost, value: v}
}

func each[V any](values []V, of func(V) key) []key {
	if len(values) > maxKeys {
		return nil
	}
	out := make([]key, len(values))
	for i, v := range values {
		out[i] = of(v)
	}
	return out
}

// better reports whether keys a are had by fewer requests than b, as far as
// one can tell.
func better(a, b []key) bool {
	switch x, y := worst(a), worst(b); {
	case a == nil:
		return false
	case x != y:
		return x < y
	}
	return len(a) < len(b)
}

func worst(ks []key) source {
	if len(ks) == 0 {
		return byNothing
	}
	out := bySome
	for _, k := range ks {
		out = max(out, k.by)
	}
	return out
}
