package certs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A demand is what a tls(...) demands of clients. It is comparable.
type demand struct {
	auth plan.ClientAuth
	ca   string // the digest of the authorities; "" if clients are not asked
}

// String returns equal texts for equal demands.
func (d demand) String() string { return string(d.auth) + " " + d.ca }

// rank is higher for a demand that lets in fewer clients.
func (d demand) rank() int {
	return slices.Index([]plan.ClientAuth{plan.ClientAuthNone, plan.ClientAuthRequest, plan.ClientAuthRequire}, d.auth)
}

// An offer is one tls(...) with the names that it is for.
type offer struct {
	tls    plan.TLS
	names  []string
	demand demand
}

// offerOf returns an offer. ca is nil if clients are not asked for certificates.
func offerOf(t plan.TLS, names []string, ca *CA) offer {
	o := offer{tls: t, names: names}
	if ca != nil {
		o.demand = demand{t.ClientAuth, ca.digest}
	}
	return o
}

// A Conflict is between two tls(...) of a listener that have the same names and demand
// different things of clients. Clients of the names get only one of them.
type Conflict struct {
	Names        []string
	Used, Unused int // the places of the two in the list of the listener
}

// share returns which offers each name has, in their order, and the conflicts between
// them. What is demanded of a client must not depend on its algorithms, so the offers
// that a name has all demand the same: what the offer demands that lets in the fewest
// clients, the first one of several. So no certificate that is added, or gets a name
// when it is renewed, ever takes a demand away.
func share(all []offer) (used map[string][]int, conflicts []Conflict) {
	used = make(map[string][]int)
	for i, o := range all {
		for _, name := range o.names {
			if !slices.Contains(used[name], i) {
				used[name] = append(used[name], i)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		best := slices.MaxFunc(used[name], func(a, b int) int { return all[a].demand.rank() - all[b].demand.rank() })
		var has []int
		for _, i := range used[name] {
			if all[i].demand == all[best].demand {
				has = append(has, i)
				continue
			}
			at := slices.IndexFunc(conflicts, func(c Conflict) bool { return c.Used == best && c.Unused == i })
			if at < 0 {
				at, conflicts = len(conflicts), append(conflicts, Conflict{Used: best, Unused: i})
			}
			conflicts[at].Names = append(conflicts[at].Names, name)
		}
		used[name] = has
	}
	return used, conflicts
}

// Conflicts returns the conflicts between the certificates of a listener. It leaves out
// those that cannot be read.
func Conflicts(all []plan.TLS) []Conflict {
	if !slices.ContainsFunc(all, func(t plan.TLS) bool { return t.ClientAuth != plan.ClientAuthNone }) {
		return nil
	}
	offers := make([]offer, len(all))
	for i, t := range all {
		var ca *CA
		if t.ClientAuth != plan.ClientAuthNone {
			var err error
			if ca, err = LoadCA(t); err != nil {
				continue
			}
		}
		names := []string{t.ACME.Name}
		if t.ACME.Name == "" {
			pair, err := LoadPair(t)
			if err != nil {
				continue
			}
			names = pair.names
		}
		offers[i] = offerOf(t, names, ca)
	}
	_, conflicts := share(offers)
	return conflicts
}

// Explain says what a conflict means, and what to do, for the list that it is about.
func (c Conflict) Explain(all []plan.TLS) (what, hint string) {
	what = fmt.Sprintf("two certificates for %s demand different things of clients: %s is used, and %s is not", strings.Join(c.Names, ", "), all[c.Used], all[c.Unused])
	return what, "clients of one name must all meet the same demand: give both the same client_ca and client_auth, or leave the name to one of them"
}

// conflicts reports the conflicts between the certificates in use, each once. Whoever
// reads the configuration logs them, too: if read is true, the log does not repeat that.
// The caller holds mu.
func (k *Keeper) conflicts(read bool) {
	known := make(map[string]bool)
	for _, listener := range slices.Sorted(maps.Keys(k.wanted)) {
		all := k.wanted[listener]
		var offers []offer
		for _, t := range all {
			offers = append(offers, offerOf(t, k.held[t].source.Names(), k.held[t].ca))
		}
		_, found := share(offers)
		for _, c := range found {
			what, hint := c.Explain(all)
			key := listener + " " + what
			if known[key] = true; read || k.clash[key] {
				continue
			}
			k.opts.Log.Warn("certificate is not used for a name", "listener", listener, "reason", what, "hint", hint)
			k.opts.Events.Emit(api.Event{Kind: api.EventCertWarning, Reason: what})
		}
	}
	k.clash = known
}
