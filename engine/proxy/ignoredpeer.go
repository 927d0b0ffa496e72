package proxy

import (
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/head"
)

// These constants limit how many addresses are logged whose X-Forwarded-For is
// ignored. A proxy has most likely an address of a private network. Anybody on
// the internet can send the field, and must not use up the lines for proxies.
const (
	maxNearPeers = 8
	maxFarPeers  = 2
)

// ignoredPeers are the peers that name a client and are not trusted. Each is
// logged once, because it may be the user's own proxy. The zero value of told is
// empty.
type ignoredPeers struct {
	log *slog.Logger
	any bool // other peers are trusted

	told atomic.Pointer[toldPeers] // never changes; add replaces it
	mu   sync.Mutex                // held by add
}

// toldPeers are the addresses that were logged. A peer on a unix socket is the
// zero address.
type toldPeers struct{ near, far []netip.Addr }

// has reports whether there is nothing to log about a peer.
func (t *toldPeers) has(peer netip.Addr) bool {
	if t == nil {
		return false
	}
	if isNear(peer) {
		return len(t.near) == maxNearPeers || slices.Contains(t.near, peer)
	}
	return len(t.far) == maxFarPeers || slices.Contains(t.far, peer)
}

func isNear(peer netip.Addr) bool {
	return !peer.IsValid() || peer.IsPrivate() || peer.IsLoopback() || peer.IsLinkLocalUnicast()
}

// note logs a peer, unless it was logged before, if its request names a client. It
// allocates nothing in other cases. A nil ignoredPeers logs nothing.
func (p *ignoredPeers) note(peer netip.Addr, seen head.KindSet) {
	if p == nil || p.told.Load().has(peer) {
		return
	}
	switch {
	case seen.Has(head.KindXForwardedFor):
		p.add(peer, "X-Forwarded-For")
	case seen.Has(head.KindForwarded):
		p.add(peer, "Forwarded")
	}
}

func (p *ignoredPeers) add(peer netip.Addr, field string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.told.Load()
	if before.has(peer) {
		return
	}
	next := new(toldPeers)
	if before != nil {
		*next = *before
	}
	if isNear(peer) {
		next.near = append(slices.Clone(next.near), peer)
	} else {
		next.far = append(slices.Clone(next.far), peer)
	}
	p.told.Store(next)

	name, who := "unix socket", "127.0.0.1" // any value makes ldcorn trust the peers of a unix socket
	if peer.IsValid() {
		name, who = peer.String(), peer.WithZone("").String()
	}
	hint := "if it is your proxy, write trusted_proxies=[" + strconv.Quote(who) + "] in LdConfig"
	if p.any {
		hint = "if it is your proxy, add " + strconv.Quote(who) + " to trusted_proxies"
	}
	p.log.Warn(field+" ignored", slog.String("peer", name),
		slog.String("reason", "the peer is not in trusted_proxies, so its own address is the client's"), slog.String("hint", hint))
}
