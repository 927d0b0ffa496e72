package netloop

import (
	"context"
	"net"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// gtask is a task of the goroutine driver.
type gtask struct {
	turn
	d        *goroutines
	deadline Time
	wake     chan struct{} // holds at most one wake
	cutting  chan struct{} // holds at most one signal that cut was set
	joined   []byte        // buffer for the two parts of a write
	onHeld   func(taken int64)
	aside    bool // see Aside; guarded by d.mu

	mu      sync.Mutex // guards all below; held only briefly, also by the sweeper
	cut     error      // why every wait ends; nil = waits are not cut
	waiting *gconn     // the connection whose deadline ends the current wait
	watched *gconn
	probe   []byte
	probed  int  // bytes of the probe that were written
	since   Time // start of the watch
	halfOK  bool // the peer has ended its stream, and that has been handled
}

func newGtask(d *goroutines) *gtask {
	t := &gtask{d: d, wake: make(chan struct{}, 1), cutting: make(chan struct{}, 1)}
	d.mu.Lock()
	d.tasks[t] = struct{}{}
	d.mu.Unlock()
	if d.aborted.Load() {
		t.interrupt(ErrStopped)
	}
	return t
}

func (t *gtask) end() {
	t.d.mu.Lock()
	delete(t.d.tasks, t)
	t.d.mu.Unlock()
}

// reset clears what the last call of Serve has left behind.
func (t *gtask) reset() {
	t.deadline, t.used, t.onHeld = 0, 0, nil
	t.Aside(false)
	t.Watch(nil, nil)
	select {
	case <-t.wake:
	default:
	}
}

func (t *gtask) Loop() *Loop         { return &t.d.loop }
func (t *gtask) Now() Time           { return Now() }
func (t *gtask) SetDeadline(at Time) { t.deadline = at }
func (t *gtask) late() bool          { return t.deadline != 0 && t.deadline <= Now() }
func (t *gtask) Share()              {}

func (t *gtask) Aside(on bool) {
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	if t.aside != on {
		t.aside = on
		t.d.aside += 2*count(on) - 1
		t.d.quieten()
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (t *gtask) Stopping() bool { return t.d.stopping.Load() }

func (t *gtask) Wake() { signal(t.wake) }

func (t *gtask) OnHeld(f func(taken int64)) { t.onHeld = f }

// isHeld is called when a peer does not take bytes, before the wait for it.
func (t *gtask) isHeld(taken int64) {
	if f := t.onHeld; f != nil {
		t.onHeld = nil
		f(taken)
	}
}

// signal puts a signal into a channel unless it already holds one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (t *gtask) Park(until Time) error {
	if t.deadline != 0 && (until == 0 || t.deadline < until) {
		until = t.deadline
	}
	var timeout <-chan time.Time
	if until != 0 {
		timer := time.NewTimer(until.Sub(Now()))
		defer timer.Stop()
		timeout = timer.C
	}
	for {
		if err := t.begin(nil); err != nil {
			return err
		}
		select {
		case <-t.wake:
			return t.isCut()
		case <-t.cutting: // a current cut, or one that was taken back
		case <-timeout:
			return ErrTimeout
		}
	}
}

// giveWay lets other goroutines go first if this task has used up its turn.
func (t *gtask) giveWay() {
	if t.over() {
		runtime.Gosched()
	}
}

// begin records what the task is about to wait on; nil for a Park.
func (t *gtask) begin(c *gconn) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cut != nil {
		return t.cut
	}
	t.waiting = c
	return nil
}

// isCut returns why every wait ends; nil = waits are not cut.
func (t *gtask) isCut() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cut
}

// finish ends a wait and returns the reason if it was cut.
func (t *gtask) finish() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = nil
	return t.cut
}

// interrupt ends the current wait and all later ones with err.
func (t *gtask) interrupt(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cutWith(err)
}

// interruptWatch interrupts the task if it still watches c.
func (t *gtask) interruptWatch(c *gconn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.watched == c {
		t.cutWith(ErrGone)
	}
}

// cutWith cuts the waits with err. The caller holds mu.
func (t *gtask) cutWith(err error) {
	if t.cut == nil {
		t.cut = err
	}
	if t.waiting != nil {
		t.waiting.spoil()
	}
	signal(t.cutting)
}

func (t *gtask) Watch(c Conn, probe []byte) (probed int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	probed, t.probed = t.probed, 0
	if t.cut == ErrGone {
		t.cut = t.d.cut()
	}
	t.watched, t.probe, t.halfOK = nil, probe, false
	if c != nil {
		t.watched, t.since = t.d.ownConn(c), Now()
	}
	return probed
}

// lookAfterPeer interrupts the task when the peer it watches is gone.
func (t *gtask) lookAfterPeer(now Time) {
	t.mu.Lock()
	c, probe, halfOK := t.watched, t.probe, t.halfOK
	due := c != nil && now.Sub(t.since) >= watchAfter
	t.mu.Unlock()
	if c == nil || !due && probe != nil {
		return
	}
	// A task that never waits for long also has to notice a peer that has ended
	// its stream and is gone.
	state := c.state()
	if state == peerHalf && c.ended == 0 {
		c.ended = now
	}
	if !due && (state != peerHalf || now.Sub(c.ended) < watchAfter) {
		return
	}
	switch {
	case state == peerGone:
		t.interruptWatch(c)
	case state != peerHalf || halfOK:
	case probe == nil:
		t.interruptWatch(c)
	default:
		t.probeHalf(c, probe)
	}
}

// probeHalf writes the probe if c is still watched. It holds the lock
// meanwhile, so that the task can write as soon as the watch ends.
func (t *gtask) probeHalf(c *gconn, probe []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.watched != c {
		return
	}
	t.halfOK = true
	t.probed = c.probe(probe)
}

func (t *gtask) Dial(to *Upstream, wait time.Duration) (Conn, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if wait > 0 {
		ctx, cancel = context.WithTimeout(ctx, wait)
		defer cancel()
	}
	fd := 0
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		if err := raw.Control(func(n uintptr) { fd = int(n) }); err != nil {
			return err
		}
		if fd >= t.d.fds.dials() {
			return errReserved
		}
		return nil
	}}
	for shed := false; ; {
		if !to.dialledBy(t.d) {
			return nil, syscall.ECONNREFUSED
		}
		nc, err := dialer.DialContext(ctx, "unix", to.path)
		switch {
		case err == nil:
			if fd >= t.d.fds.clients() {
				t.d.shedClient() // to make room for the next attempt
			}
			return t.d.newUpstreamConn(nc, to), nil
		case t.isCut() != nil:
			return nil, t.isCut()
		case ctx.Err() == nil && isShort(err) && !shed && t.d.shedAny():
			shed = true
			continue
		case ctx.Err() == nil && !passing(err):
			return nil, err
		}
		shed = false
		select {
		case <-ctx.Done():
			if isShort(err) {
				return nil, ErrShort
			}
			return nil, ErrTimeout
		case <-time.After(dialPause):
		}
	}
}

func (t *gtask) Fork(f func(Task)) Fork { return t.fork(f) }

func (t *gtask) fork(f func(Task)) *gfork {
	child := &gfork{task: newGtask(t.d), done: make(chan struct{})}
	child.task.deadline = t.deadline
	go func() {
		defer close(child.done)
		defer child.task.end()
		defer func() {
			if p := recover(); p != nil {
				child.panic = p
			}
		}()
		f(child.task)
	}()
	return child
}

type gfork struct {
	task  *gtask
	done  chan struct{}
	panic any // Wait raises it again: it belongs to the connection
}

func (f *gfork) Interrupt() { f.task.interrupt(ErrEnough) }

func (f *gfork) Wait(Task) {
	<-f.done
	if p := f.panic; p != nil {
		f.panic = nil
		panic(p)
	}
}

func (t *gtask) Tunnel(a, b Conn, done func()) Verdict {
	defer done()
	ca, cb := t.d.ownConn(a), t.d.ownConn(b)
	t.Watch(nil, nil)
	t.deadline = 0
	t.d.setAside(ca)
	back := t.fork(func(u Task) {
		pump(u, cb, ca)
		// A peer that has closed both ways ends the tunnel, even if the other
		// side never ends its stream.
		u.Watch(cb, []byte{})
		if u.Park(0) != nil {
			ca.Close()
		}
	})
	pump(t, ca, cb)
	back.task.Wake()
	back.Wait(t)
	ca.Close()
	cb.Close()
	return Verdict{Op: Taken}
}

// pump copies until the stream ends, and passes the end on. If either side
// fails, it ends both.
func pump(t Task, from, to *gconn) {
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(t, buf, 0)
		if n > 0 {
			if _, err := to.Write(t, buf[:n], nil, 0); err != nil {
				from.Close()
				to.Close()
				return
			}
		}
		switch {
		case err == nil:
		case isEOF(err):
			to.closeWrite(to.d.ownTask(t))
			return
		default:
			from.Close()
			to.Close()
			return
		}
	}
}
