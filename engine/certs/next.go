package certs

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/watch"
)

// A Next holds the certificates that a master has after a reload.
type Next struct {
	keeper *Keeper
	since  time.Time
	wanted map[string][]plan.TLS
	held   map[plan.TLS]*held
}

// Prepare reads the certificates of all listeners, by the names of their stores. One
// without TLS has none. The store of a listener that is not among them stays as it is,
// for the clients that still come. A pair that is in use and cannot be read again stays
// as it is, too, as does one that is valid while the one in its files is not: nothing that
// works stops working because of a wrong renewal. For any other pair that cannot be read,
// Prepare fails with an error that wraps an *Error.
func (k *Keeper) Prepare(wanted map[string][]plan.TLS) (*Next, error) {
	n := &Next{keeper: k, since: watch.Now(), wanted: wanted, held: make(map[plan.TLS]*held)}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, listener := range slices.Sorted(maps.Keys(wanted)) {
		for _, t := range wanted[listener] {
			if n.held[t] != nil {
				continue
			}
			h, err := k.load(t)
			before := k.held[t]
			if err == nil && before != nil {
				err = spoils(before, h, time.Now())
			}
			if err != nil && before != nil {
				h = before.with(err)
				h.told = false // the person who reloads gets to know
			} else if err != nil {
				return nil, fmt.Errorf("listener %q: tls: %w", listener, err)
			}
			n.held[t] = h
		}
	}
	for listener := range wanted {
		if _, known := k.wanted[listener]; !known { // a new socket can get clients before the end of a reload
			k.fill(listener, wanted[listener], n.held)
		}
	}
	return n, nil
}

// Take puts it into effect, for handshakes that begin from now on.
func (n *Next) Take() {
	k := n.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	said := make(map[string]bool)
	for t, h := range n.held {
		if before := k.held[t]; before != nil {
			h = k.settle(before, h, said)
		}
		k.tell(h, 0, said)
		k.warn(h, said)
		n.held[t] = h
	}
	k.wanted, k.held = n.wanted, n.held
	var files []string
	for t := range k.held {
		files = append(files, t.Paths()...)
	}
	slices.Sort(files)
	k.watcher.Watch(watch.Set{Files: slices.Compact(files)}, n.since)
	for listener, all := range k.wanted {
		k.fill(listener, all, k.held)
	}
	k.conflicts(true)
	if k.opts.Issuer != nil {
		k.opts.Issuer.Manage(k.issued(), challengesOf(k.wanted))
	}
}

// issued returns the names that the issuer keeps. The caller holds mu.
func (k *Keeper) issued() (names []plan.ACME) {
	for t := range k.held {
		if t.ACME.Name != "" && !slices.Contains(names, t.ACME) {
			names = append(names, t.ACME)
		}
	}
	return names
}

// challengesOf returns the challenges that listeners can answer, by the keys of their
// addresses. Issuers come to the ports 80 and 443, which others can lead to another one.
func challengesOf(listeners map[string][]plan.TLS) (out []plan.Challenge) {
	plain, first := false, plan.ChallengeHTTP
	for listener, all := range listeners {
		plain = plain || len(all) == 0
		if len(all) > 0 && strings.HasSuffix(listener, ":443") {
			first = plan.ChallengeTLS
		}
	}
	if !plain {
		return []plan.Challenge{plan.ChallengeTLS}
	}
	for listener, all := range listeners {
		if len(all) == 0 && strings.HasSuffix(listener, ":80") {
			first = plan.ChallengeHTTP
		}
	}
	if first == plan.ChallengeTLS {
		return []plan.Challenge{plan.ChallengeTLS, plan.ChallengeHTTP}
	}
	return []plan.Challenge{plan.ChallengeHTTP, plan.ChallengeTLS}
}

// Remarks returns what is wrong with the certificates that Take has put into effect, and
// which names have none yet; each once. It leaves out what Kept returns.
func (n *Next) Remarks() (out []string) {
	n.keeper.mu.Lock()
	defer n.keeper.mu.Unlock()
	for _, listener := range slices.Sorted(maps.Keys(n.wanted)) {
		for _, t := range n.wanted[listener] {
			for _, text := range n.held[t].remarks(time.Now()) {
				if !slices.Contains(out, text) {
					out = append(out, text)
				}
			}
		}
	}
	return out
}

// remarks says what is wrong with a certificate, apart from what keeps its files from
// being used.
func (h *held) remarks(now time.Time) (out []string) {
	for _, f := range h.flaws(now) {
		out = append(out, f.err.Err.Error()+": "+f.err.Hint)
	}
	c := h.status()
	if c.ACME == nil {
		return out
	}
	names := strings.Join(c.Names, ", ")
	switch {
	case c.ACME.State == api.ACMEPending && c.Error == "":
		out = append(out, "there is no certificate for "+names+" yet: it is requested, and clients that ask for the name are refused until it is there")
	case c.ACME.State == api.ACMEPending:
		out = append(out, "there is no certificate for "+names+" yet, and clients that ask for the name are refused: "+c.Error)
	case c.Error != "":
		out = append(out, "the certificate for "+names+" was not renewed: "+c.Error)
	}
	return out
}

// Kept returns why pairs that are in use could not be read again, each once.
func (n *Next) Kept() (why []*Error) {
	for _, h := range n.held {
		e := (*Error)(nil)
		if errors.As(h.broken, &e) && !slices.ContainsFunc(why, func(o *Error) bool { return o.Error() == e.Error() }) {
			why = append(why, e)
		}
	}
	slices.SortFunc(why, func(a, b *Error) int { return strings.Compare(a.Error(), b.Error()) })
	return why
}
