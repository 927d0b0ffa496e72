package proxy

import (
	"errors"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/proxyheader"
	"github.com/ldcorn/ldcorn/engine/refusallog"
)

// nameClients puts the PROXY protocol under the connections of a listener, below the
// layers that it has already, whenever the newest snapshot says so.
func (p *Proxy) nameClients(ln *netloop.Listener) {
	next := ln.Layer
	now := func() *listener { return p.Snapshot().listener(ln) }
	named := proxyheader.New(proxyheader.Options{
		Trusts:  func(peer netip.Addr) bool { return now().forward.trustsPeer(peer, ln.Port()) },
		Timeout: func() time.Duration { return p.Snapshot().Plan.HeaderTimeout },
		Next:    next,
		Refused: p.noteRefused(ln.Name()),
	})
	ln.Layer = func(c netloop.Conn, wake func()) netloop.Layer {
		switch {
		case now().spec.ProxyProtocol:
			return named(c, wake)
		case next != nil:
			return next(c, wake)
		}
		return nil
	}
}

// refusalCounts count the connections that were refused, by proxyheader.Reason.
type refusalCounts [len(proxyheader.Reasons)]atomic.Uint64

// Refused returns how many connections were refused because of the PROXY protocol, by
// reason.
func (p *Proxy) Refused() map[string]uint64 {
	out := make(map[string]uint64, len(p.refused))
	for i := range p.refused {
		out[proxyheader.Reasons[i]] = p.refused[i].Load()
	}
	return out
}

// noteRefused returns the function that counts and logs the connections of a listener
// that are refused because of the PROXY protocol.
func (p *Proxy) noteRefused(addr string) func(peer netip.Addr, why error) {
	log := refusallog.New(p.opts.Log, addr)
	return func(peer netip.Addr, why error) {
		p.refused[proxyheader.Reason(why)].Add(1)
		log.Note(refusallog.Refusal{Peer: peer, Reason: why.Error(), Hint: refusalHint(peer, why)})
	}
}

func refusalHint(peer netip.Addr, why error) string {
	switch {
	case errors.Is(why, proxyheader.ErrUntrusted) && peer.IsValid():
		return "if it is your load balancer, add " + strconv.Quote(peer.WithZone("").String()) + " to trusted_proxies"
	case errors.Is(why, proxyheader.ErrMissing):
		return "make the load balancer send the header, or remove proxy_protocol=True"
	}
	return ""
}
