package tlslayer

import (
	"context"
	"sync"
)

// Handshakes limits how many handshakes compute at a time. A handshake that
// waits for its client does not count, so that slow clients hold up nobody.
type Handshakes struct {
	slots   chan struct{}
	running sync.WaitGroup
	busy    func() (done func())
}

// NewHandshakes returns a limit of n, at least 1. busy, if not nil, is called
// when a handshake begins to compute, and what it returns when it pauses or
// ends. Both must be safe to call from any goroutine.
func NewHandshakes(n int, busy func() (done func())) *Handshakes {
	if busy == nil {
		busy = func() func() { return func() {} }
	}
	return &Handshakes{slots: make(chan struct{}, max(n, 1)), busy: busy}
}

// Wait waits until no handshake runs. It is called once the driver has closed
// all connections, which ends their handshakes.
func (s *Handshakes) Wait() { s.running.Wait() }

// acquire waits until the handshake may compute. It fails if the context ends
// first. The caller must call done.
func (s *Handshakes) acquire(ctx context.Context) (done func(), ok bool) {
	select {
	case s.slots <- struct{}{}:
		return s.busy(), true
	case <-ctx.Done():
		return nil, false
	}
}

func (s *Handshakes) release(done func()) {
	done()
	<-s.slots
}
