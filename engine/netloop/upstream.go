package netloop

import (
	"slices"
	"sync"
)

// An Upstream is a server that tasks dial: a process that listens on a unix
// socket. Create it with NewUpstream. Any goroutine can use it.
type Upstream struct {
	path string

	mu      sync.Mutex // guards all below
	severed bool
	holders []holder // that have, or had, connections to the upstream
}

// A holder owns connections to upstreams.
type holder interface {
	// sever ends the holder's connections to u. Any goroutine can call it.
	sever(u *Upstream)
}

// NewUpstream returns the server that listens on path.
func NewUpstream(path string) *Upstream { return &Upstream{path: path} }

// Path returns the path of the server's socket.
func (u *Upstream) Path() string { return u.path }

// Sever ends every connection to a server that has ended. This is the same as
// when the server itself ends and no other process has inherited its sockets:
// what it has already written can still be read, and then the stream ends. From
// now on, dials are refused. Sever does not wait until the connections have
// ended. A second call does nothing.
func (u *Upstream) Sever() {
	u.mu.Lock()
	holders := u.holders
	u.severed, u.holders = true, nil
	u.mu.Unlock()
	for _, h := range holders {
		h.sever(u)
	}
}

// dialledBy records that h is about to connect. It reports false if the server
// has ended; otherwise h learns when it does.
func (u *Upstream) dialledBy(h holder) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.severed && !slices.Contains(u.holders, h) {
		u.holders = append(u.holders, h)
	}
	return !u.severed
}
