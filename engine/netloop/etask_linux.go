//go:build !portable

package netloop

import (
	"iter"
	"syscall"
	"time"
)

// etask is a task of the epoll driver: a coroutine that is reused for one piece
// of work after another.
type etask struct {
	turn
	loop  *loop
	next  func() (struct{}, bool) // resumes the coroutine until its next wait
	stop  func()
	yield func(struct{}) bool
	at    int // index in loop.active

	work  func(*etask) // what to run; nil = none
	conn  *econn       // the client connection that the task serves, if any
	alive bool         // started, not ended

	deadline Time // see SetDeadline
	until    Time // end of the current wait; 0 = none
	waiting  bool
	on       *econn // what the current wait is on; nil = Park or Wait
	result   error
	cut      error // why every wait ends; nil = waits are not cut
	woken    bool  // a Wake that no Park has consumed yet
	parked   bool
	behind   bool // in loop.behind
	aside    bool // see Aside

	onHeld func(taken int64) // see OnHeld; nil = none

	watched *econn
	probe   []byte
	probed  int // bytes of the probe that were written
	since   Time
	halfOK  bool

	op    ringOp // the current operation of a batch
	moves *econn // the connection that op is on; nil = no operation is in progress
}

// task returns a task that does the work once it is resumed.
func (l *loop) task(work func(*etask)) *etask {
	var t *etask
	if n := len(l.spare); n > 0 {
		t = l.spare[n-1]
		l.spare = l.spare[:n-1]
	} else {
		t = &etask{loop: l}
		t.next, t.stop = iter.Pull(t.run)
	}
	t.work, t.alive, t.used = work, true, 0
	t.cut = l.d.cut()
	t.at = len(l.active)
	l.active = append(l.active, t)
	return t
}

// run is the coroutine. Each resume outside a wait runs one piece of work.
func (t *etask) run(yield func(struct{}) bool) {
	t.yield = yield
	for {
		t.work(t)
		t.finish()
		if !yield(struct{}{}) {
			return
		}
	}
}

// finish removes the task from the active ones. The loop finds it among the
// spare ones after it has yielded.
func (t *etask) finish() {
	l := t.loop
	last := len(l.active) - 1
	l.active[t.at] = l.active[last]
	l.active[t.at].at = t.at
	l.active[last] = nil
	l.active = l.active[:last]
	if t.watched != nil {
		t.Watch(nil, nil)
	}
	t.Aside(false)
	t.work, t.conn, t.alive, t.onHeld = nil, nil, false, nil
	t.deadline, t.cut, t.woken = 0, nil, false
}

// resume runs the task until it waits or ends. Only the loop calls it, never a
// task.
func (t *etask) resume(err error) {
	if !t.alive || t.work == nil {
		return
	}
	t.result, t.waiting = err, false
	t.next()
	if !t.alive {
		if l := t.loop; len(l.spare) < maxSpare && !l.finishing {
			l.spare = append(l.spare, t)
		} else {
			t.stop()
		}
	}
}

// wait yields to the loop until it resumes the task, at most until the given
// moment and the task's deadline.
func (t *etask) wait(on *econn, until Time) error {
	if t.cut != nil {
		return t.cut
	}
	if t.deadline != 0 && (until == 0 || t.deadline < until) {
		until = t.deadline
	}
	t.until, t.on, t.waiting = until, on, true
	t.loop.by(until)
	if !t.yield(struct{}{}) {
		return ErrStopped
	}
	t.until, t.on = 0, nil
	if t.cut != nil {
		return t.cut
	}
	return t.result
}

// late reports whether the task's deadline has passed.
func (t *etask) late() bool { return t.deadline != 0 && t.deadline <= t.loop.now }

// wake resumes a waiting task after the current events. A task can call it.
func (t *etask) wake() {
	if t.waiting {
		t.waiting = false
		t.loop.ready = append(t.loop.ready, t)
	}
}

// interrupt ends the current wait and all later ones.
func (t *etask) interrupt(err error) {
	if t.cut == nil {
		t.cut = err
	}
	t.wake()
}

// sweep ends the wait if its time is over, checks the watched peer, and returns
// when to call it again; 0 = no need to.
func (t *etask) sweep() Time {
	now, next := t.loop.now, Time(0)
	if t.waiting && t.until != 0 {
		if t.until <= now {
			t.resume(ErrTimeout)
			return 0
		}
		next = t.until
	}
	if t.watched != nil {
		if at := t.look(); at != 0 && (next == 0 || at < next) {
			next = at
		}
	}
	return next
}

func (t *etask) Loop() *Loop         { return &t.loop.id }
func (t *etask) Now() Time           { return t.loop.now }
func (t *etask) SetDeadline(at Time) { t.deadline = at }
func (t *etask) Stopping() bool      { return t.loop.d.stopping.Load() }

func (t *etask) Park(until Time) error {
	for !t.woken {
		t.parked = true
		err := t.wait(nil, until)
		t.parked = false
		if err != nil {
			return err
		}
	}
	t.woken = false
	return nil
}

func (t *etask) Aside(on bool) {
	if t.aside != on {
		t.aside = on
		t.loop.aside += 2*count(on) - 1
	}
}

func (t *etask) Share() { t.loop.shareAt = 0 }

func (t *etask) Wake() { t.loop.postWake(t) }

func (t *etask) OnHeld(f func(taken int64)) { t.onHeld = f }

// isHeld is called when a peer does not take bytes, before the wait for it.
func (t *etask) isHeld(taken int64) {
	if f := t.onHeld; f != nil {
		t.onHeld = nil
		f(taken)
	}
}

// Watch learns of the peer from the loop's events and makes no system call.
func (t *etask) Watch(c Conn, probe []byte) (probed int) {
	probed, t.probed = t.probed, 0
	if t.watched != nil {
		t.watched.watcher = nil
		t.watched = nil
	}
	if t.cut == ErrGone {
		t.cut = t.loop.d.cut()
	}
	if c == nil {
		return probed
	}
	e := t.loop.ownConn(c)
	t.watched, t.probe, t.since, e.watcher = e, probe, t.loop.now, t
	t.halfOK = false
	if e.watched && probe == nil {
		e.register() // however short the waits are, an event reports the end
	}
	e.watched = true
	t.loop.by(t.lookAt())
	return probed
}

// lookAt returns when to check the watched peer. That way a peer that has ended
// its stream and is gone is also noticed by a task that never waits for long.
func (t *etask) lookAt() Time {
	at := t.since + Time(watchAfter)
	if c := t.watched; t.probe == nil && c.half {
		at = min(at, c.ended+Time(watchAfter))
	}
	return at
}

// look checks whether the watched peer is gone, and returns when to check
// again; 0 = an event will tell.
func (t *etask) look() Time {
	c := t.watched
	if due := t.lookAt(); t.loop.now < due {
		return due
	}
	c.register() // if it has never waited; an event then reports its state
	c.keepAlive()
	switch {
	case c.gone():
		t.interrupt(ErrGone)
	case !c.half || t.halfOK:
	case t.probe == nil:
		t.interrupt(ErrGone)
	default:
		t.halfOK = true
		if n, e := c.put(t.probe); e == 0 {
			t.probed = n
		}
	}
	return 0
}

func (t *etask) Dial(to *Upstream, wait time.Duration) (Conn, error) {
	limit := t.loop.now.Add(wait)
	for shed := false; ; {
		if !to.dialledBy(t.loop) {
			return nil, syscall.ECONNREFUSED
		}
		fd, err := rawConnect(to.path, t.loop.d.fds.dials())
		switch {
		case err == nil:
			if fd >= t.loop.d.fds.clients() {
				t.loop.shedClient() // to make room for the next attempt
			}
			c := t.loop.newConn(fd, false)
			c.to = to
			c.register()
			return c, nil
		case isShort(err) && !shed && t.loop.shed():
			shed = true
			continue
		case !passing(err):
			return nil, err
		case limit != 0 && t.loop.now >= limit && isShort(err):
			return nil, ErrShort
		case limit != 0 && t.loop.now >= limit:
			return nil, ErrTimeout
		}
		shed = false
		// Nothing reports when the worker's backlog has room again.
		if err := t.wait(nil, t.loop.now+Time(dialPause)); err != nil && err != ErrTimeout {
			return nil, err
		}
	}
}

// serve runs the handler for c in its own task.
func (l *loop) serve(c *econn) {
	c.idle.leave()
	c.state = inTask
	t := l.task(serveConn)
	t.conn = c
	t.resume(nil)
}

// serveConn runs in a task and serves its connection.
func serveConn(t *etask) {
	c := t.conn
	v := t.call(c)
	if t.watched != nil {
		t.Watch(nil, nil)
	}
	c.settle(v)
}

func (t *etask) call(c *econn) (v Verdict) {
	defer func() {
		if p := recover(); p != nil {
			v = Verdict{}
			t.loop.d.opts.panicked(p)
		}
	}()
	return t.loop.d.opts.Handler.Serve(t, c)
}

// efork is a task that runs beside another one.
type efork struct {
	loop   *loop
	task   *etask // may run something else once done
	waiter *etask // in Wait; nil = none
	done   bool
	panic  any // Wait raises it again: it belongs to the connection
}

func (t *etask) Fork(f func(Task)) Fork {
	child := &efork{loop: t.loop}
	child.task = t.loop.task(func(u *etask) { child.run(u, f) })
	child.task.deadline = t.deadline
	child.task.waiting = true
	child.task.wake()
	return child
}

func (f *efork) run(u *etask, work func(Task)) {
	defer func() {
		f.panic = recover()
		f.done = true
		if f.waiter != nil {
			f.waiter.wake()
		}
	}()
	work(u)
}

func (f *efork) Interrupt() {
	if !f.done {
		f.task.interrupt(ErrEnough)
	}
}

func (f *efork) Wait(by Task) {
	t := f.loop.ownTask(by)
	f.waiter = t
	for !f.done {
		t.until, t.on, t.waiting = 0, nil, true
		if !t.yield(struct{}{}) {
			break
		}
	}
	f.waiter = nil
	if p := f.panic; p != nil {
		f.panic = nil
		panic(p)
	}
}
