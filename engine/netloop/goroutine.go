package netloop

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// goroutines is the driver that runs on every system: a goroutine per
// connection over net.Conn.
type goroutines struct {
	opts                 Options
	loop                 Loop
	procs                int // see Driver.Procs
	acceptLog            acceptLog
	fds                  *descriptors
	idleClients, idleUps idleConns // at rest, for when descriptors are short
	stopping             atomic.Bool
	aborted              atomic.Bool
	serving              sync.WaitGroup // client connections and the sweeper
	clients              atomic.Int32   // len(conns), for who does not hold mu

	mu      sync.Mutex // guards all below
	ln      net.Listener
	conns   map[*gconn]struct{} // client connections
	ups     map[*gconn]struct{} // connections to upstreams
	tasks   map[*gtask]struct{} // every running task, forks too
	quit    chan struct{}       // closed when the sweeper is to end
	quiet   chan struct{}       // closed when no request is served any more
	stopped time.Time           // when Shutdown or Run began to end the accept
	jobs    int                 // that run
	aside   int                 // client connections that are tunnels, or lingered on
}

// NewGoroutine returns the driver that runs everywhere.
func NewGoroutine(opts Options) Driver {
	return &goroutines{
		opts:      opts,
		loop:      Loop{name: "goroutine"},
		procs:     share() + opts.Beside,
		acceptLog: acceptLog{log: opts.Log},
		fds:       newDescriptors(&opts),
		conns:     make(map[*gconn]struct{}),
		ups:       make(map[*gconn]struct{}),
		tasks:     make(map[*gtask]struct{}),
		quit:      make(chan struct{}),
		quiet:     make(chan struct{}),
	}
}

func (d *goroutines) Name() string { return "goroutine" }
func (d *goroutines) Procs() int   { return d.procs }

func (d *goroutines) Loops() []*Loop { return []*Loop{&d.loop} }

func (d *goroutines) Quiet() <-chan struct{} { return d.quiet }

// quieten closes quiet when its time has come; mu is held.
func (d *goroutines) quieten() {
	if !d.stopping.Load() || len(d.conns) > d.aside || d.jobs > 0 {
		return
	}
	select {
	case <-d.quiet:
	default:
		close(d.quiet)
	}
}

// setAside counts a client connection on which no request is served any more.
func (d *goroutines) setAside(c *gconn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c.aside {
		return
	}
	c.aside = true
	d.aside++
	d.quieten()
}

func (d *goroutines) Run(ln net.Listener) error {
	tune(ln)
	d.mu.Lock()
	d.ln = ln
	if d.stopping.Load() {
		d.stopAccepting()
	}
	d.mu.Unlock()
	swept := make(chan struct{})
	go func() {
		defer close(swept)
		d.sweepUntilQuit()
	}()
	err := d.accept(ln)
	d.serving.Wait()
	close(d.quit)
	<-swept
	return err
}

// accept takes connections until Shutdown. An accept that fails for want of
// descriptors or memory is tried again a little later: the listener is fine.
func (d *goroutines) accept(ln net.Listener) error {
	var shortTill Time // look for a descriptor before each accept until then
	for {
		if shortTill != 0 {
			d.awaitRoom(ln)
		}
		nc, err := ln.Accept()
		switch {
		case err == nil:
			if d.acceptLog.failing.Load() && !hasBacklog(ln) {
				d.acceptLog.caughtUp()
			}
			if descriptor(nc) >= d.fds.clients() {
				shortTill = Now().Add(shortTime)
				d.shedClient()
			} else if shortTill < Now() {
				shortTill = 0
			}
			d.start(nc)
		case d.stopping.Load():
			if d.acceptMore(ln) {
				continue
			}
			ln.Close()
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		default:
			shortTill = Now().Add(shortTime)
			d.acceptLog.failed(err)
			time.Sleep(acceptBackoff)
		}
	}
}

// awaitRoom waits until there is a descriptor for another client.
func (d *goroutines) awaitRoom(ln net.Listener) {
	for !d.stopping.Load() && !d.makeRoom(ln) {
		d.acceptLog.failed(errReserved)
		time.Sleep(acceptBackoff)
	}
}

// acceptMore gives the accept of a driver that stops more time where it was
// not enough, as on a busy machine: somebody still waits in the backlog. Those
// who go on connecting get no more than backlogLimit out of it.
func (d *goroutines) acceptMore(ln net.Listener) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	limited, ok := ln.(interface{ SetDeadline(time.Time) error })
	return ok && time.Since(d.stopped) < backlogLimit && hasBacklog(ln) &&
		limited.SetDeadline(time.Now().Add(backlogTime)) == nil
}

func (d *goroutines) start(nc net.Conn) {
	c := newGconn(d, nc)
	c.line()
	d.mu.Lock()
	d.conns[c] = struct{}{}
	d.clients.Add(1)
	d.mu.Unlock()
	d.serving.Add(1)
	go func() {
		defer d.serving.Done()
		d.serve(c)
		c.Close()
		d.mu.Lock()
		delete(d.conns, c)
		d.clients.Add(-1)
		if c.aside {
			d.aside--
		}
		d.quieten()
		d.mu.Unlock()
	}()
}

// serve runs the handler whenever c has something to read.
func (d *goroutines) serve(c *gconn) {
	t := newGtask(d)
	defer t.end()
	var first time.Duration
	if d.opts.FirstWait != nil {
		first = d.opts.FirstWait()
	}
	v := Verdict{Op: Rest, Until: Now().Add(first)}
	for {
		switch v.Op {
		case Rest:
			if !d.rest(t, c, v) {
				return
			}
		case Linger:
			c.linger(t)
			return
		case Reset:
			if c.lining != nil {
				c.lining.silence() // it breaks, it does not end
			}
			if tcp, ok := c.nc.(*net.TCPConn); ok {
				tcp.SetLinger(0)
			}
			return
		case Close:
			if c.bringsMore() {
				c.linger(t) // a close with bytes unread would reset the connection, and the answer with it
			}
			return
		default:
			return
		}
		v = d.call(t, c)
		t.reset()
	}
}

// rest waits until c is readable again. It reports false when the connection
// is over.
func (d *goroutines) rest(t *gtask, c *gconn, v Verdict) bool {
	c.stash = v.Stash
	c.until, c.expired = v.Until, false
	if len(v.Stash) == 0 {
		c.shed.Store(false)
		c.resting.Store(true)
		d.idleClients.push(c)
	}
	err := c.await(t, v.Until)
	d.idleClients.remove(c)
	c.resting.Store(false)
	switch {
	case errors.Is(err, ErrTimeout) && len(v.Stash) > 0:
		c.expired = true
		return true
	case errors.Is(err, ErrStopped), errors.Is(err, ErrTimeout):
		// A request may have come just now.
		return c.hasFirst()
	}
	return err == nil
}

func (d *goroutines) call(t *gtask, c *gconn) (v Verdict) {
	defer func() {
		if p := recover(); p != nil {
			v = Verdict{}
			d.opts.panicked(p)
		}
	}()
	return d.opts.Handler.Serve(t, c)
}

func (d *goroutines) Shutdown() {
	if d.stopping.Swap(true) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopAccepting()
	for c := range d.conns {
		if c.resting.Load() {
			c.spoil()
		}
	}
	d.quieten()
}

// stopAccepting ends accept once nobody waits in the listener's backlog: who
// has connected before is served. mu is held.
func (d *goroutines) stopAccepting() {
	d.stopped = time.Now()
	limited, ok := d.ln.(interface{ SetDeadline(time.Time) error })
	switch {
	case d.ln == nil:
	case !ok || limited.SetDeadline(time.Now().Add(backlogTime)) != nil:
		d.ln.Close()
	}
}

// cut is why a task that begins, or that is not cut for another reason, is to
// end its waits; nil = it is not.
func (d *goroutines) cut() error {
	if d.aborted.Load() {
		return ErrStopped
	}
	return nil
}

func (d *goroutines) Abort() {
	d.Shutdown()
	d.aborted.Store(true)
	d.mu.Lock()
	defer d.mu.Unlock()
	for t := range d.tasks {
		t.interrupt(ErrStopped)
	}
}

// sweepUntilQuit looks after the peers of tasks that have waited for long.
func (d *goroutines) sweepUntilQuit() {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-d.quit:
			return
		case <-tick.C:
		}
		now := Now()
		d.mu.Lock()
		for t := range d.tasks {
			t.lookAfterPeer(now)
		}
		d.mu.Unlock()
	}
}

// newUpstreamConn takes over a connection to an upstream.
func (d *goroutines) newUpstreamConn(nc net.Conn, to *Upstream) *gconn {
	c := newGconn(d, nc)
	c.to = to
	d.mu.Lock()
	d.ups[c] = struct{}{}
	d.mu.Unlock()
	if !to.dialledBy(d) { // severed since
		d.sever(to)
	}
	return c
}

// forget drops a connection to an upstream that is being closed.
func (d *goroutines) forget(c *gconn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.ups, c)
}

func (d *goroutines) sever(u *Upstream) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.ups {
		if c.to == u {
			_ = c.raw.Control(func(fd uintptr) { sever(int(fd)) })
		}
	}
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
