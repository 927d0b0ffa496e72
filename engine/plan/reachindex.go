package plan

import (
	"net/netip"
	"slices"
)

// A trait is something that every request which a matcher takes has, as far
// as it can be looked up.
type trait struct {
	kind traitKind
	name string // of what is named
	text string
	net  netip.Prefix
}

// A traitKind says what a trait is about.
type traitKind uint8

const (
	traitStart  traitKind = iota // a start of the path
	traitTest                    // a test that the path passes
	traitTested                  // a start of a path that may pass a test
	traitHost                    // a host
	traitDomain                  // the end of a host, from a dot on
	traitMethod                  // a method
	traitClient                  // a network
	traitNamed                   // a header, cookie or parameter, with any value
	traitValue                   // the same with one value
)

// traitsOf returns traits of which every request that a takes has at least
// one; false where there may be none, or more than maxTraits.
func traitsOf(a *Matcher) ([]trait, bool) {
	switch a.Kind {
	case MatchPath, MatchPrefix, matchStart:
		return eachTrait(a.Values, func(v string) trait { return trait{kind: traitStart, text: v} })
	case MatchGlob, MatchRegex:
		// It takes all that another takes if that is written the same, or is a
		// path.
		return []trait{testTrait(a), {kind: traitTested, text: a.Test.Literal()}}, true
	case MatchHost:
		return eachTrait(a.Values, hostTrait)
	case MatchMethod:
		return eachTrait(a.Values, func(v string) trait { return trait{kind: traitMethod, text: v} })
	case MatchClientIP:
		return eachTrait(a.Nets, func(n netip.Prefix) trait { return trait{kind: traitClient, net: n.Masked()} })
	case MatchHeader, MatchCookie, MatchQuery:
		t := namedTrait(a.Kind, a.Name)
		if a.Test.Kind == TestEqual {
			t.kind, t.text = traitValue, a.Test.Text
		}
		return []trait{t}, true
	case MatchAll: // one part is enough
		var best []trait
		for _, p := range a.Parts {
			if ts, ok := traitsOf(p); ok && (best == nil || len(ts) < len(best) || best[0].kind == traitMethod) {
				best = ts
			}
		}
		return best, best != nil
	case MatchAny:
		var all []trait
		for _, p := range a.Parts {
			ts, ok := traitsOf(p)
			if all = append(all, ts...); !ok || len(all) > maxTraits {
				return nil, false
			}
		}
		return all, true
	}
	return nil, false
}

// maxTraits bounds the places that one matcher takes in the index.
const maxTraits = 256

func eachTrait[V any](values []V, of func(V) trait) ([]trait, bool) {
	if len(values) > maxTraits {
		return nil, false
	}
	out := make([]trait, len(values))
	for i, v := range values {
		out[i] = of(v)
	}
	return out, true
}

func hostTrait(v string) trait {
	if v[0] == '*' {
		return trait{kind: traitDomain, text: v[1:]}
	}
	return trait{kind: traitHost, text: v}
}

func namedTrait(kind MatcherKind, name string) trait {
	return trait{kind: traitNamed, name: string(kind) + " " + name}
}

func testTrait(m *Matcher) trait {
	return trait{kind: traitTest, name: string(m.Test.Kind), text: m.Test.Text}
}

// A reachIndex finds those of many matchers that may take all requests that
// another takes, without a look at the others.
type reachIndex struct {
	lengths map[int]bool // of starts
	bits    map[int]bool // of networks
	by      map[trait][]int
	others  []int // without traits
}

func (x *reachIndex) add(a *Matcher, i int) {
	if x.by == nil {
		x.by, x.lengths, x.bits = make(map[trait][]int), make(map[int]bool), make(map[int]bool)
	}
	ts, ok := traitsOf(a)
	if !ok {
		x.others = append(x.others, i)
		return
	}
	for _, t := range ts {
		x.by[t] = append(x.by[t], i)
		switch t.kind {
		case traitStart, traitTested:
			x.lengths[len(t.text)] = true
		case traitClient:
			x.bits[t.net.Bits()] = true
		}
	}
}

// candidates returns the numbers of the matchers that may take all that b
// takes, in order. It appends to a buffer that the caller lends.
func (x *reachIndex) candidates(b *Matcher, buf []int) []int {
	buf = append(buf[:0], x.others...)
	x.collect(b, func(found []int) { buf = append(buf, found...) })
	slices.Sort(buf)
	return slices.Compact(buf)
}

// collect looks up what one matcher has. Of several that it is one of, what
// takes all of it takes the first.
func (x *reachIndex) collect(b *Matcher, found func([]int)) {
	switch b.Kind {
	case MatchAll:
		for _, p := range b.Parts {
			x.collect(p, found)
		}
	case MatchAny:
		x.collect(b.Parts[0], found)
	case MatchPath:
		x.starts(traitStart, b.Values[0], found)
		x.starts(traitTested, b.Values[0], found)
	case MatchPrefix, matchStart:
		x.starts(traitStart, b.Values[0], found)
	case MatchGlob, MatchRegex:
		found(x.by[testTrait(b)])
		x.starts(traitStart, b.Test.Literal(), found)
	case MatchHost:
		x.hosts(b.Values[0], found)
	case MatchMethod:
		found(x.by[trait{kind: traitMethod, text: b.Values[0]}])
	case MatchWebsocket:
		found(x.by[trait{kind: traitMethod, text: "GET"}])
	case MatchClientIP:
		x.clients(b.Nets[0], found)
	case MatchHeader, MatchCookie, MatchQuery:
		t := namedTrait(b.Kind, b.Name)
		found(x.by[t])
		if b.Test.Kind == TestEqual {
			t.kind, t.text = traitValue, b.Test.Text
			found(x.by[t])
		}
	case MatchPercent:
		switch b.Share.By.By {
		case KeyCookie:
			found(x.by[namedTrait(MatchCookie, b.Share.By.Name)])
		case KeyHeader:
			found(x.by[namedTrait(MatchHeader, b.Share.By.Name)])
		}
	}
}

func (x *reachIndex) starts(kind traitKind, text string, found func([]int)) {
	for n := range x.lengths {
		if n <= len(text) {
			found(x.by[trait{kind: kind, text: text[:n]}])
		}
	}
}

func (x *reachIndex) hosts(host string, found func([]int)) {
	found(x.by[hostTrait(host)])
	for i, c := range host {
		if c == '.' {
			found(x.by[trait{kind: traitDomain, text: host[i:]}])
		}
	}
}

func (x *reachIndex) clients(net netip.Prefix, found func([]int)) {
	for bits := range x.bits {
		if bits > net.Bits() {
			continue
		}
		if wider, err := net.Addr().Prefix(bits); err == nil {
			found(x.by[trait{kind: traitClient, net: wider}])
		}
	}
}
