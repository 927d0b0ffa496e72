package netloop

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// epoll is the driver with event loops of its own. Each loop is a goroutine
// that owns its connections and runs its tasks as coroutines, one at a time,
// so nothing of a loop needs a lock.
type epoll struct {
	opts      Options
	batches   bool // reads and writes go to the kernel in batches, see batch
	acceptLog acceptLog
	fds       *descriptors
	loops     []*loop
	stopping  atomic.Bool
	aborted   atomic.Bool
	accepts   atomic.Int32 // loops that still accept
	busy      atomic.Int32 // loops that are not quiet
	quiet     chan struct{}
	ln        net.Listener
	lfd       int // its socket, a descriptor of our own
}

// newEpoll returns the driver, with batches if the kernel can do them, or
// else an error. Few loops are better than many: a busy one finds more events
// at each wait. The workers do the work on the other cores.
func newEpoll(opts Options, batches bool) (Driver, error) {
	if batches {
		r, err := newRing()
		if err != nil {
			return nil, err
		}
		r.close()
	}
	n := opts.Loops
	if n <= 0 {
		n = share()
	}
	d := &epoll{opts: opts, batches: batches, acceptLog: acceptLog{log: opts.Log}, fds: newDescriptors(&opts), lfd: -1, quiet: make(chan struct{})}
	d.busy.Store(int32(n))
	for i := range n {
		d.loops = append(d.loops, newLoop(d, i))
	}
	return d, nil
}

func (d *epoll) Name() string {
	if d.batches {
		return "io_uring"
	}
	return "epoll"
}

func (d *epoll) Procs() int { return len(d.loops) + d.opts.Beside }

func (d *epoll) Loops() []*Loop {
	all := make([]*Loop, len(d.loops))
	for i, l := range d.loops {
		all[i] = &l.id
	}
	return all
}

func (d *epoll) Quiet() <-chan struct{} { return d.quiet }

// oneIsQuiet is called once by each loop.
func (d *epoll) oneIsQuiet() {
	if d.busy.Add(-1) == 0 {
		close(d.quiet)
	}
}

func (d *epoll) Run(ln net.Listener) error {
	tune(ln)
	if err := d.listen(ln); err != nil {
		ln.Close()
		return err
	}
	for _, l := range d.loops {
		if err := l.open(d.lfd); err != nil {
			return fmt.Errorf("event loop: %w", err)
		}
	}
	var running sync.WaitGroup
	for _, l := range d.loops {
		running.Go(func() { l.run() })
	}
	running.Wait()
	return nil
}

// listen takes a descriptor of the listener's socket.
func (d *epoll) listen(ln net.Listener) error {
	sc, ok := ln.(syscall.Conn)
	if !ok {
		return fmt.Errorf("listener %s has no descriptor", ln.Addr())
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	var dupErr error
	err = raw.Control(func(fd uintptr) {
		d.lfd, dupErr = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil {
		err = dupErr
	}
	if err != nil {
		return fmt.Errorf("listener %s: %w", ln.Addr(), err)
	}
	d.ln = ln
	d.accepts.Store(int32(len(d.loops)))
	return nil
}

// stopAccepting is called by each loop that no longer accepts. The last one
// closes the listener: who connects from then on is refused.
func (d *epoll) stopAccepting() {
	if d.accepts.Add(-1) == 0 {
		unix.Close(d.lfd)
		d.ln.Close()
	}
}

func (d *epoll) Shutdown() {
	if d.stopping.Swap(true) {
		return
	}
	for _, l := range d.loops {
		l.post(l.shutdown)
	}
}

// cut is why a task that begins, or that is not cut for another reason, is to
// end its waits; nil = it is not.
func (d *epoll) cut() error {
	if d.aborted.Load() {
		return ErrStopped
	}
	return nil
}

func (d *epoll) Abort() {
	d.Shutdown()
	if d.aborted.Swap(true) {
		return
	}
	for _, l := range d.loops {
		l.post(l.abort)
	}
}
