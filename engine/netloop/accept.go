package netloop

import (
	"errors"
	"net"
	"slices"
	"time"
)

// A gdoor is a listener of the goroutine driver. The driver's mu guards its
// fields.
type gdoor struct {
	*Listener
	open bool      // a goroutine accepts on it
	left time.Time // when it was told to end; zero = it was not told
}

func (d *goroutines) Add(ln *Listener) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopping.Load() {
		ln.Close()
		return ErrStopped
	}
	ln.joins(d.opts.Log)
	g := &gdoor{Listener: ln}
	d.doors = append(d.doors, g)
	if d.running {
		d.open(g)
	}
	return nil
}

func (d *goroutines) Remove(ln *Listener) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, g := range d.doors {
		if g.Listener == ln && !ln.leaving.Swap(true) {
			g.leave()
		}
	}
}

// open starts accepting on a listener, even on one that is already leaving:
// clients can be waiting in its backlog. The caller holds mu.
func (d *goroutines) open(g *gdoor) {
	g.open = true
	if !g.left.IsZero() {
		g.leave()
	}
	d.accepting.Go(func() {
		d.accept(g)
		g.Close()
		d.mu.Lock()
		defer d.mu.Unlock()
		d.doors = slices.DeleteFunc(d.doors, func(other *gdoor) bool { return other == g })
	})
}

// leave stops accepting once the listener's backlog is empty, so clients that
// have already connected are served. The caller holds mu.
func (g *gdoor) leave() {
	g.left = time.Now()
	limited, ok := g.Listener.Listener.(interface{ SetDeadline(time.Time) error })
	if g.open && (!ok || limited.SetDeadline(g.left.Add(backlogTime)) != nil) {
		g.Close()
	}
}

// ending reports whether to accept only the clients that are already waiting.
func (d *goroutines) ending(g *gdoor) bool { return d.stopping.Load() || g.Leaving() }

// accept takes connections until Shutdown or Remove. If an accept fails because
// descriptors or memory ran out, it retries a little later: the listener is
// fine.
func (d *goroutines) accept(g *gdoor) {
	var shortTill Time // until then, look for a descriptor before each accept
	for {
		if shortTill != 0 {
			d.awaitRoom(g)
		}
		nc, err := g.Accept()
		switch {
		case err == nil:
			if g.log.failing.Load() && !hasBacklog(g.Listener.Listener) {
				g.log.caughtUp()
			}
			if descriptor(nc) >= d.fds.clients() {
				shortTill = Now().Add(shortTime)
				d.shedClient()
			} else if shortTill < Now() {
				shortTill = 0
			}
			d.start(nc, g.Listener)
		case d.ending(g):
			if !d.acceptMore(g) {
				return
			}
			if !isTimeout(err) {
				time.Sleep(dialPause)
			}
		case errors.Is(err, net.ErrClosed):
			d.fail(err)
			return
		default:
			shortTill = Now().Add(shortTime)
			g.log.failed(err)
			time.Sleep(acceptBackoff)
		}
	}
}

// fail ends the driver because something else has closed one of its listeners.
func (d *goroutines) fail(err error) {
	d.mu.Lock()
	d.failed = err
	d.mu.Unlock()
	d.Shutdown()
}

// awaitRoom waits until there is a descriptor for another client.
func (d *goroutines) awaitRoom(g *gdoor) {
	for !d.ending(g) && !d.makeRoom(g.Listener.Listener) {
		g.log.failed(errReserved)
		time.Sleep(acceptBackoff)
	}
}

// acceptMore gives a listener that is leaving more time to accept if the first
// deadline was too short, as on a busy machine, and clients are still waiting
// in the backlog. Clients that keep connecting can extend this by at most
// backlogLimit.
func (d *goroutines) acceptMore(g *gdoor) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	limited, ok := g.Listener.Listener.(interface{ SetDeadline(time.Time) error })
	return ok && time.Since(g.left) < backlogLimit && hasBacklog(g.Listener.Listener) &&
		limited.SetDeadline(time.Now().Add(backlogTime)) == nil
}
