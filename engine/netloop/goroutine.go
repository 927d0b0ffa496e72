package netloop

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// goroutines is the driver that runs on every system, with one goroutine per
// connection over net.Conn.
type goroutines struct {
	opts                 Options
	loop                 Loop
	procs                int // see Driver.Procs
	fds                  *descriptors
	idleClients, idleUps idleConns // at rest; closed when descriptors run short
	stopping             atomic.Bool
	aborted              atomic.Bool
	stop                 chan struct{}  // closed when accepting must end
	accepting            sync.WaitGroup // goroutines that accept
	serving              sync.WaitGroup // client connections
	clients              atomic.Int32   // len(conns), for readers that do not hold mu

	mu      sync.Mutex          // guards all below
	running bool                // Run was called
	doors   []*gdoor            // the listeners that are not closed
	failed  error               // what Run returns
	conns   map[*gconn]struct{} // client connections
	ups     map[*gconn]struct{} // connections to upstreams
	tasks   map[*gtask]struct{} // every running task, forks too
	quit    chan struct{}       // closed when the sweeper must end
	quiet   chan struct{}       // closed when no request is being served any more
	jobs    int                 // running jobs
	aside   int                 // client connections that are tunnels or lingering, and tasks that are aside
}

// NewGoroutine returns the driver that runs on every system.
func NewGoroutine(opts Options) Driver {
	return &goroutines{
		opts:  opts,
		loop:  Loop{name: "goroutine"},
		procs: share() + opts.Beside,
		fds:   newDescriptors(&opts),
		conns: make(map[*gconn]struct{}),
		ups:   make(map[*gconn]struct{}),
		tasks: make(map[*gtask]struct{}),
		stop:  make(chan struct{}),
		quit:  make(chan struct{}),
		quiet: make(chan struct{}),
	}
}

func (d *goroutines) Name() string { return "goroutine" }
func (d *goroutines) Procs() int   { return d.procs }

func (d *goroutines) Loops() []*Loop { return []*Loop{&d.loop} }

// Beat has no loop to ask. What all connections share is the lock: Beat waits for it.
func (d *goroutines) Beat(f func(*Loop)) {
	d.mu.Lock()
	d.mu.Unlock() //lint:ignore SA2001 to have had it is all
	f(&d.loop)
}

func (d *goroutines) Quiet() <-chan struct{} { return d.quiet }

// quieten closes quiet once the conditions hold. The caller holds mu.
func (d *goroutines) quieten() {
	if !d.stopping.Load() || len(d.conns)+d.jobs > d.aside {
		return
	}
	select {
	case <-d.quiet:
	default:
		close(d.quiet)
	}
}

// setAside counts a client connection that serves no more requests.
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

func (d *goroutines) Run() error {
	d.mu.Lock()
	d.running = true
	for _, g := range d.doors {
		d.open(g)
	}
	d.mu.Unlock()
	swept := make(chan struct{})
	go func() {
		defer close(swept)
		d.sweepUntilQuit()
	}()
	<-d.stop
	d.accepting.Wait()
	d.serving.Wait()
	close(d.quit)
	<-swept
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

func (d *goroutines) start(nc net.Conn, ln *Listener) {
	c := newGconn(d, nc)
	c.ln = ln
	ln.open.Add(1)
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
		ln.open.Add(-1)
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
				c.lining.silence() // the stream breaks off; it does not end
			}
			if tcp, ok := c.nc.(*net.TCPConn); ok {
				tcp.SetLinger(0)
			}
			return
		case Close:
			if c.bringsMore() {
				c.linger(t) // closing with unread bytes would reset the connection, and the answer would be lost
			}
			return
		default:
			return
		}
		v = d.call(t, c)
		t.reset()
	}
}

// rest waits until c is readable again. It reports false if the connection is
// over.
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
		// A request may have just come.
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
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopping.Swap(true) {
		return
	}
	for _, g := range d.doors {
		g.leave()
	}
	close(d.stop)
	for c := range d.conns {
		if c.resting.Load() {
			c.spoil()
		}
	}
	d.quieten()
}

// cut returns the error that ends the waits of a task that starts, or whose own
// cut is taken back; nil = none.
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

// sweepUntilQuit checks the peers of tasks that have waited for long.
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
	if !to.dialledBy(d) { // severed meanwhile
		d.sever(to)
	}
	return c
}

// forget drops an upstream connection that is being closed.
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
