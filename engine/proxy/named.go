package proxy

import (
	"errors"
	"log/slog"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/proxyheader"
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
		Refused: (&refusals{log: p.opts.Log, addr: ln.Name(), counts: &p.refused}).note,
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

// refusalsEvery is how often the log tells of connections that were refused: anybody
// can open some.
const refusalsEvery = time.Minute

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

// refusals log the connections of a listener that were refused because of the PROXY
// protocol.
type refusals struct {
	log    *slog.Logger
	addr   string
	counts *refusalCounts

	mu   sync.Mutex   // guards the fields below
	next netloop.Time // when to log again
	more int          // since the last line
}

// note logs a connection, unless another one was logged a short time ago.
func (r *refusals) note(peer netip.Addr, why error) {
	r.counts[proxyheader.Reason(why)].Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	now := netloop.Now()
	if r.next > now {
		r.more++
		return
	}
	attrs := []any{slog.String("addr", r.addr), slog.String("peer", peerName(peer)), slog.String("reason", why.Error())}
	if r.more > 0 {
		attrs = append(attrs, slog.Int("more", r.more))
	}
	if hint := refusalHint(peer, why); hint != "" {
		attrs = append(attrs, slog.String("hint", hint))
	}
	r.next, r.more = now.Add(refusalsEvery), 0
	r.log.Warn("connection refused", attrs...)
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

// peerName returns the address of a peer for the log.
func peerName(peer netip.Addr) string {
	if !peer.IsValid() {
		return "unix socket"
	}
	return peer.String()
}
