package netloop

import (
	"slices"
	"sync"
)

// An Upstream is a server that tasks dial: a process that listens on a unix
// socket. It is made by NewUpstream, and used from any goroutine.
type Upstream struct {
	path string

	mu      sync.Mutex // guards all below
	severed bool
	holders []holder // that have, or had, connections to it
}

// A holder owns connections to upstreams.
type holder interface {
	// sever ends those to u. Any goroutine may call it.
	sever(u *Upstream)
}

// NewUpstream returns the server that listens on a path.
func NewUpstream(path string) *Upstream { return &Upstream{path: path} }

// Path is the path of its socket.
func (u *Upstream) Path() string { return u.path }

// Sever ends every connection to a server that has ended, as the end of the
// server itself does where no other process has inherited its sockets: what it
// has written before can still be read, then comes the end of the stream. From
// now on a dial is refused. It does not wait until the connections have ended,
// and a second call does nothing.
func (u *Upstream) Sever() {
	u.mu.Lock()
	holders := u.holders
	u.severed, u.holders = true, nil
	u.mu.Unlock()
	for _, h := range holders {
		h.sever(u)
	}
}

// dialledBy notes that h is about to connect. It reports false if the server
// has ended; otherwise h learns when it does.
func (u *Upstream) dialledBy(h holder) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.severed && !slices.Contains(u.holders, h) {
		u.holders = append(u.holders, h)
	}
	return !u.severed
}
