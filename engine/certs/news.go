package certs

import (
	"errors"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// settle returns which of two contents to keep: the one before if the next one is
// the same. said has what was logged about pairs, which several tls(...) can name.
func (k *Keeper) settle(before, next *held, said map[string]bool) *held {
	if next.broken != nil {
		return next
	}
	if before.broken != nil && before.told {
		k.over(next, "can be read again", said)
	}
	next.lost, next.warned = before.lost, before.warned
	sameCert, sameCA := fingerprintOf(before.source) == fingerprintOf(next.source), before.digest() == next.digest()
	newChain := sameCert && !sameChain(before.source, next.source)
	if sameCert && sameCA && !newChain {
		next.changed = before.changed
		return next
	}
	if !sameCert {
		next.lost = lostNames(before.source, next.source)
		next.regained = len(before.lost) > 0 && len(uncovered(before.lost, next.source)) == 0
	}
	what := "certificate of " + from(next.tls) + fingerprintOf(next.source)
	switch {
	case newChain:
		what = "chain of " + from(next.tls)
	case sameCert:
		what = "authorities of " + next.tls.ClientCA.String() + next.digest()
	}
	if said[what] {
		return next
	}
	said[what] = true
	reason := "read again: for " + strings.Join(next.source.Names(), ", ")
	switch {
	case newChain:
		k.opts.Log.Info("chain of a certificate read again", next.attrs()...)
		reason = "read again: the chain, for " + strings.Join(next.source.Names(), ", ")
	case sameCert:
		k.opts.Log.Info("authorities of clients read again", append(next.attrs(), "client_ca", pathOf(next.tls.ClientCA))...)
		reason = "read again: the authorities of clients, for " + strings.Join(next.source.Names(), ", ")
	default:
		k.opts.Log.Info("certificate read again", append(next.attrs(), "expires", expiryOf(next.source), "before", expiryOf(before.source))...)
	}
	k.opts.Events.Emit(api.Event{Kind: api.EventCertificate, Reason: reason})
	return next
}

// over reports that a problem with a certificate, which was reported, has ended.
func (k *Keeper) over(h *held, how string, said map[string]bool) {
	what := "for " + strings.Join(h.source.Names(), ", ")
	if leaf := h.source.Leaf(); leaf != nil {
		what = describe(leaf, h.tls)
	}
	reason := "the certificate " + what + " " + how
	if said[reason] {
		return
	}
	said[reason] = true
	k.opts.Log.Info("problem of a certificate has ended", append(h.attrs(), "reason", reason, "expires", expiryOf(h.source))...)
	k.opts.Events.Emit(api.Event{Kind: api.EventCertRecovered, Reason: reason})
}

// tell reports that a pair is broken, once, if it has been for some time.
func (k *Keeper) tell(h *held, since time.Duration, said map[string]bool) {
	if h.broken == nil || h.told || time.Since(h.broke) < since {
		return
	}
	h.told = true
	what := "broken " + h.broken.Error()
	if said[what] {
		return
	}
	said[what] = true
	attrs := append(h.attrs(), "err", h.broken, "expires", expiryOf(h.source))
	if e := (*Error)(nil); errors.As(h.broken, &e) && e.Hint != "" {
		attrs = append(attrs, "hint", e.Hint)
	}
	k.opts.Log.Error("certificate cannot be read again: the one in use stays", attrs...)
	k.opts.Events.Emit(api.Event{Kind: api.EventCertFailed, Reason: h.broken.Error()})
}
