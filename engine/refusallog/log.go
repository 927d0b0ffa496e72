// Package refusallog logs connections that were refused. Anybody can open any number of
// those, so that they share a line.
package refusallog

import (
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// every is how often a Log of New has a line.
const every = time.Minute

// A Log logs the connections of a listener that were refused: the first one, and after
// that one in a minute, with how many came in between. Its methods are safe to call from
// any goroutine.
type Log struct {
	log   *slog.Logger
	addr  string        // of the listener
	every time.Duration // how often there is a line

	mu   sync.Mutex   // guards the fields below
	next netloop.Time // when to log again
	more int          // since the last line
}

// New returns the log of a listener with an address.
func New(log *slog.Logger, addr string) *Log { return &Log{log: log, addr: addr, every: every} }

// A Refusal says why a connection was refused.
type Refusal struct {
	Peer   netip.Addr // invalid at a unix socket
	Reason string
	Hint   string      // what to do; "" = nothing to say
	Facts  []slog.Attr // what else is known
}

// Note logs a connection, or counts it for the next line.
func (l *Log) Note(r Refusal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := netloop.Now()
	if l.next > now {
		l.more++
		return
	}
	attrs := []any{slog.String("addr", l.addr), slog.String("peer", PeerName(r.Peer)), slog.String("reason", r.Reason)}
	for _, a := range r.Facts {
		attrs = append(attrs, a)
	}
	if l.more > 0 {
		attrs = append(attrs, slog.Int("more", l.more))
	}
	if r.Hint != "" {
		attrs = append(attrs, slog.String("hint", r.Hint))
	}
	l.next, l.more = now.Add(l.every), 0
	l.log.Warn("connection refused", attrs...)
}

// PeerName returns the address of a peer for the log. It is invalid at a unix socket.
func PeerName(peer netip.Addr) string {
	if !peer.IsValid() {
		return "unix socket"
	}
	return peer.String()
}
