package refusallog

import (
	"log/slog"
	"net/netip"
	"time"
)

// rarely is how often a Rare has a line for each kind of peers.
const rarely = time.Hour

// A Rare logs connections of a listener that strangers on the internet make all the
// time, and that are of interest if the peer is the user's own: those of peers on
// private addresses and of others have lines of their own, the first one and after that
// one in an hour. Its methods are safe to call from any goroutine.
type Rare struct{ near, far *Log }

// NewRare returns the log of a listener with an address.
func NewRare(log *slog.Logger, addr string) *Rare {
	r := &Rare{New(log, addr), New(log, addr)}
	r.near.every, r.far.every = rarely, rarely
	return r
}

// Note logs a connection, or counts it for the next line.
func (r *Rare) Note(x Refusal) {
	if IsNear(x.Peer) {
		r.near.Note(x)
	} else {
		r.far.Note(x)
	}
}

// IsNear reports whether a peer is most likely on a machine of the user: at a unix
// socket, or on a private address.
func IsNear(peer netip.Addr) bool {
	return !peer.IsValid() || peer.IsPrivate() || peer.IsLoopback() || peer.IsLinkLocalUnicast()
}
