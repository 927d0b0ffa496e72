package netloop

import "sync/atomic"

// A Shedder is a Handler that keeps connections at rest in their tasks, where the
// driver cannot see that they rest.
type Shedder interface {
	// Shed ends at most n client connections that have rested since the given moment
	// or longer, those first that have rested longest, and returns how many it ends.
	// It must not wait: they end a little later. The driver calls it from any
	// goroutine when file descriptors run short and no client rests with the driver.
	Shed(n int, since Time) int
}

const (
	heldAtOnce = 16                  // connections that one call of a Shedder ends at most
	heldEvery  = Time(acceptBackoff) // time between two calls: those of the first one are about to end
)

// A shedding is what the driver knows about its Shedder.
type shedding struct {
	shedder Shedder      // nil = none
	nextAt  atomic.Int64 // a Time: when to call it again
}

// shedHeld has the Shedder end connections. There is no room yet: the descriptors are
// free when the clients have ended their sides, or when the connections, which linger,
// are shed in their turn.
func (d *descriptors) shedHeld() {
	h := &d.shedding
	now, next := Now(), h.nextAt.Load()
	if h.shedder == nil || int64(now) < next || !h.nextAt.CompareAndSwap(next, int64(now+heldEvery)) {
		return
	}
	for range h.shedder.Shed(heldAtOnce, now-Time(shedAge)) {
		d.shedLog.shed()
	}
}
