//go:build !portable

package netloop

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A loop waits for events and runs the tasks that they wake. All fields except
// those guarded by mu belong to the goroutine that runs the loop and to the
// coroutines that it resumes, of which only one runs at a time.
type loop struct {
	d     *epoll
	id    Loop
	epfd  int
	evfd  int // wakes the loop from outside
	doors []*door
	now   Time

	conns   []*econn        // by slot; nil = free
	free    []uint32        // free slots
	gen     uint32          // of the last connection: events for an earlier one in its slot are void
	clients int             // connections that were accepted and not closed
	tunnels int             // tunnels among the clients
	lingers map[*econn]Time // lingering clients, and when each must end at the latest
	jobs    int             // running jobs
	aside   int             // clients and jobs whose tasks are aside, see Task.Aside
	quiet   bool            // shutting down, and no request is being served

	idleClients, idleUps idleList[*econn] // at rest; closed when descriptors run short
	askAt                Time             // when to ask other loops for descriptors again

	active  []*etask // running tasks, whose deadlines are checked
	spare   []*etask // coroutines without work
	ready   []*etask // to be resumed after the current events
	swept   []*etask // the active tasks during a sweep; kept to reuse its memory
	todo    []*etask // the ready tasks being resumed; kept to reuse its memory
	behind  []*etask // tasks that have used up their turns
	nextAt  Time     // when to sweep
	endings int      // connections that the current sweep has ended

	shortTill Time // until then, look for a descriptor before each accept
	scratch   []byte
	sealRoom  []byte   // for the bytes that layers seal
	pipes     [][2]int // for splices
	events    [256]unix.EpollEvent
	batch     batch
	finishing bool
	busy      bool // the last wait found many events
	lively    bool // the last wait was short
	shareAt   Time // when to let other goroutines run

	sleeping atomic.Bool
	mu       sync.Mutex // guards all below
	posted   []func()
	woken    []*etask

	wokenRoom []*etask // used only by the loop: memory for the next woken
}

const (
	never       = Time(math.MaxInt64)
	sweepEvery  = Time(10 * time.Millisecond) // minimum between two sweeps
	scratchSize = 64 << 10
	maxSpare    = 256 // coroutines kept without work
	endAtOnce   = 128 // connections that one sweep ends: thousands may expire together
)

// Slots of descriptors that are not connections.
const (
	wakeSlot   = math.MaxUint32
	listenSlot = math.MaxUint32 - 1 // with the id of a socket
)

func newLoop(d *epoll, index int) *loop {
	return &loop{d: d, id: Loop{name: fmt.Sprintf("%s %d", d.Name(), index)}, epfd: -1, evfd: -1, nextAt: never, lingers: map[*econn]Time{}}
}

// open creates the loop's descriptors.
func (l *loop) open() (err error) {
	if l.epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	evfd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.evfd = evfd
	l.mu.Unlock()
	if err := l.add(l.evfd, unix.EPOLLIN|unix.EPOLLET, wakeSlot, 0); err != nil {
		return err
	}
	l.batch.open(l.d.batches)
	return nil
}

func (l *loop) add(fd int, events uint32, slot, gen uint32) error {
	ev := unix.EpollEvent{Events: events, Fd: int32(slot), Pad: int32(gen)}
	return unix.EpollCtl(l.epfd, unix.EPOLL_CTL_ADD, fd, &ev)
}

// post makes the loop call f. Any goroutine can call it.
func (l *loop) post(f func()) {
	l.mu.Lock()
	l.posted = append(l.posted, f)
	l.kick()
	l.mu.Unlock()
}

// postWake resumes a parked task. Any goroutine can call it.
func (l *loop) postWake(t *etask) {
	l.mu.Lock()
	l.woken = append(l.woken, t)
	l.kick()
	l.mu.Unlock()
}

// kick ends the loop's sleep. A loop that is awake looks on its own before it
// sleeps. The caller holds mu.
func (l *loop) kick() {
	if l.evfd >= 0 && l.sleeping.Load() {
		one := [8]byte{1}
		rawPost(l.evfd, one[:])
	}
}

// run runs the loop until a shutdown is complete.
func (l *loop) run() {
	defer l.close()
	l.scratch = make([]byte, scratchSize)
	l.now = Now()
	for !l.finishing || l.clients > 0 || len(l.active) > 0 {
		n := l.wait()
		l.now = Now()
		for i := range n {
			l.handle(&l.events[i])
		}
		l.runPosted()
		l.runReady()
		if l.now >= l.nextAt {
			l.sweep()
		}
		l.carryOut()
		l.runBehind()
		if l.finishing && !l.quiet && l.clients+l.jobs == l.tunnels+len(l.lingers)+l.aside {
			l.quiet = true
			l.d.oneIsQuiet()
		}
	}
}

func (l *loop) runPosted() {
	l.mu.Lock()
	todo, woken := l.posted, l.woken
	l.posted, l.woken = nil, l.wokenRoom[:0]
	l.mu.Unlock()
	for _, f := range todo {
		f()
	}
	for i, t := range woken {
		woken[i] = nil
		if !t.alive {
			continue
		}
		t.woken = true
		if t.parked && t.waiting {
			t.resume(nil)
		}
	}
	l.wokenRoom = woken[:0]
}

// runReady does the work that the events have left. Work that this adds waits
// until after the next events, so no task can keep the loop to itself.
func (l *loop) runReady() {
	todo := l.ready
	l.ready, l.todo = l.todo[:0], todo
	for i, t := range todo {
		todo[i] = nil
		t.resume(nil)
	}
}

// handle takes one event.
func (l *loop) handle(ev *unix.EpollEvent) {
	switch slot := uint32(ev.Fd); slot {
	case wakeSlot:
		var b [8]byte
		rawDrain(l.evfd, b[:])
	case listenSlot:
		if i := l.door(uint32(ev.Pad)); i >= 0 {
			l.accept(l.doors[i])
		}
	default:
		if int(slot) >= len(l.conns) {
			return
		}
		if c := l.conns[slot]; c != nil && c.gen == uint32(ev.Pad) {
			c.event(ev.Events)
		}
	}
}

// by makes the next sweep happen no later than at.
func (l *loop) by(at Time) {
	if at != 0 && at < l.nextAt {
		l.nextAt = at
	}
}

// sweep ends the waits and rests whose time is over.
func (l *loop) sweep() {
	next := never
	l.nextAt = never // tasks that the sweep wakes may move it forward again
	l.swept = append(l.swept[:0], l.active...)
	for i, t := range l.swept {
		l.swept[i] = nil
		if at := t.sweep(); at != 0 {
			next = min(next, at)
		}
	}
	l.endings = 0
	for _, c := range l.conns {
		if c == nil {
			continue
		}
		if at := c.sweep(); at != 0 {
			next = min(next, at)
		}
	}
	next = min(next, l.reopen())
	if next != never {
		next = max(next, l.now+sweepEvery)
	}
	l.nextAt = min(l.nextAt, next)
}

// shutdown ends the connections at rest. The connections being served end on
// their own.
func (l *loop) shutdown() {
	l.finishing = true
	for len(l.doors) > 0 {
		l.leave(l.doors[0].socket)
	}
	for c := range l.lingers {
		c.shorten()
	}
	for _, c := range l.conns {
		if c != nil && c.client && c.state == atRest && c.tunnel == nil && len(c.stash) == 0 {
			// A request may have come that no event has reported yet. If there is
			// nothing to read, the connection closes when it rests again.
			c.readable = true
			l.serve(c)
		}
	}
}

// abort ends everything.
func (l *loop) abort() {
	for _, t := range append([]*etask(nil), l.active...) {
		t.interrupt(ErrStopped)
	}
	for _, c := range l.conns {
		switch {
		case c == nil:
		case c.tunnel != nil:
			c.tunnel.end()
		case c.state != inTask:
			c.Close()
		}
	}
}

// close releases all that is left: idle upstream connections, coroutines,
// descriptors.
func (l *loop) close() {
	for _, c := range l.conns {
		if c != nil {
			c.Close()
		}
	}
	for _, t := range l.spare {
		t.stop()
	}
	for _, p := range l.pipes {
		unix.Close(p[0])
		unix.Close(p[1])
	}
	l.batch.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	unix.Close(l.evfd)
	unix.Close(l.epfd)
	l.evfd, l.epfd = -1, -1
}
