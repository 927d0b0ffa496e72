package netloop

import (
	"errors"
	"net"
	"slices"
	"time"
)

// A gdoor is a listener of the goroutine driver. The lock of the driver guards
// the times.
type gdoor struct {
	*Listener
	open bool      // a goroutine accepts on it
	left time.Time // when it was told to end; zero = it was not
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

// open accepts on a listener, also on one that is to end already: somebody may
// wait in its backlog. mu is held.
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

// leave ends the accepting once nobody waits in the listener's backlog: who has
// connected before is served. mu is held.
func (g *gdoor) leave() {
	g.left = time.Now()
	limited, ok := g.Listener.Listener.(interface{ SetDeadline(time.Time) error })
	if g.open && (!ok || limited.SetDeadline(g.left.Add(backlogTime)) != nil) {
		g.Close()
	}
}

// ending reports whether no more is to be accepted than what waits.
func (d *goroutines) ending(g *gdoor) bool { return d.stopping.Load() || g.Leaving() }

// accept takes connections until Shutdown or Remove. An accept that fails for
// want of descriptors or memory is tried again a little later: the listener is
// fine.
func (d *goroutines) accept(g *gdoor) {
	var shortTill Time // look for a descriptor before each accept until then
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

// fail ends the driver: somebody else has closed a listener of it.
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

// acceptMore gives the accept of a listener that ends more time where it was
// not enough, as on a busy machine: somebody still waits in the backlog. Those
// who go on connecting get no more than backlogLimit out of it.
func (d *goroutines) acceptMore(g *gdoor) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	limited, ok := g.Listener.Listener.(interface{ SetDeadline(time.Time) error })
	return ok && time.Since(g.left) < backlogLimit && hasBacklog(g.Listener.Listener) &&
		limited.SetDeadline(time.Now().Add(backlogTime)) == nil
}
