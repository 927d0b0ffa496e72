package proxy

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/refusallog"
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

	told      atomic.Pointer[toldPeers] // never changes; add replaces it
	mu        sync.Mutex                // held by add
	anonymous atomic.Bool               // an anonymous client was logged
}

// toldPeers are the addresses that were logged.
type toldPeers struct{ near, far peerList }

// A peerList holds addresses that were logged. A peer on a unix socket is the zero
// address.
type peerList struct {
	peers []netip.Addr
	ended bool // the log has said that it names no more of them
}

// has reports whether there is nothing to log about a peer.
func (t *toldPeers) has(peer netip.Addr) bool {
	if t == nil {
		return false
	}
	l := &t.far
	if refusallog.IsNear(peer) {
		l = &t.near
	}
	return l.ended || slices.Contains(l.peers, peer)
}

// note reports whether the request of a peer names a client, and logs such a peer
// unless it was logged before. It logs only the first of those that pass on anonymous
// clients, which are many for one peer. It allocates nothing in other cases. A nil
// ignoredPeers does nothing.
func (p *ignoredPeers) note(peer netip.Addr, anonymous bool, seen head.KindSet) bool {
	if p == nil || !seen.Has(head.KindXForwardedFor) && !seen.Has(head.KindForwarded) {
		return false
	}
	switch {
	case anonymous && !p.anonymous.Load():
		p.addAnonymous(peer, fieldOf(seen))
	case !anonymous && !p.told.Load().has(peer):
		p.add(peer, fieldOf(seen))
	}
	return true
}

// fieldOf returns the field that would count.
func fieldOf(seen head.KindSet) string {
	if seen.Has(head.KindXForwardedFor) {
		return "X-Forwarded-For"
	}
	return "Forwarded"
}

// addAnonymous logs a client that its peer does not name. The peer may be trusted, so
// that no address is missing in trusted_proxies.
func (p *ignoredPeers) addAnonymous(peer netip.Addr, field string) {
	if p.anonymous.Swap(true) {
		return
	}
	p.log.Warn(field+" ignored", slog.String("peer", refusallog.PeerName(peer)),
		slog.String("reason", "the PROXY protocol header does not name the client, so anybody can have written the field"),
		slog.String("hint", "if the client is your proxy, let it reach the load balancer by TCP, so that the header names it; further requests are counted, not logged"))
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
	list, most, kind := &next.far, maxFarPeers, "on public addresses"
	if refusallog.IsNear(peer) {
		list, most, kind = &next.near, maxNearPeers, "on private addresses"
	}
	defer p.told.Store(next)
	if len(list.peers) == most {
		list.ended = true
		p.log.Warn(field+" ignored of more peers "+kind,
			slog.String("reason", fmt.Sprintf("%d others were logged before; further ones are not", most)),
			slog.String("hint", "write the addresses or networks of all your proxies into trusted_proxies; the metric ldcorn_forwarded_ignored_total counts such requests"))
		return
	}
	list.peers = append(slices.Clone(list.peers), peer)

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
