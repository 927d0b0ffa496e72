//go:build !portable

package netloop

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// epoll is the driver with its own event loops. Each loop is a goroutine that
// owns its connections and runs its tasks as coroutines, one at a time, so a
// loop's state needs no lock.
type epoll struct {
	opts     Options
	batches  bool // reads and writes go to the kernel in batches, see batch
	fds      *descriptors
	loops    []*loop
	stopping atomic.Bool
	aborted  atomic.Bool
	busy     atomic.Int32 // loops that are not quiet
	quiet    chan struct{}

	mu      sync.Mutex // guards all below, and the order in which loops learn of listeners and of the shutdown
	sockets []*socket  // added and not removed
	last    uint32     // id of the last socket
}

// newEpoll returns the driver. It fails if batches are wanted and the kernel
// cannot do them. Few loops are better than many: a busy loop finds more events
// at each wait, and the workers use the other cores.
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
	d := &epoll{opts: opts, batches: batches, fds: newDescriptors(&opts), quiet: make(chan struct{})}
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

func (d *epoll) Beat(f func(*Loop)) {
	for _, l := range d.loops {
		l.post(func() { f(&l.id) })
	}
}

func (d *epoll) Quiet() <-chan struct{} { return d.quiet }

// oneIsQuiet is called once by each loop.
func (d *epoll) oneIsQuiet() {
	if d.busy.Add(-1) == 0 {
		close(d.quiet)
	}
}

func (d *epoll) Run() error {
	for _, l := range d.loops {
		if err := l.open(); err != nil {
			d.closeSockets()
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

// closeSockets closes the sockets of a driver that cannot run.
func (d *epoll) closeSockets() {
	d.Shutdown()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.sockets {
		s.Close()
	}
}

func (d *epoll) Add(ln *Listener) error {
	fd := descriptor(ln.Listener)
	if fd < 0 {
		ln.Close()
		return fmt.Errorf("listener %s has no descriptor", ln.Name())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopping.Load() {
		ln.Close()
		return ErrStopped
	}
	ln.joins(d.opts.Log)
	d.last++
	s := &socket{Listener: ln, fd: fd, id: d.last}
	s.accepts.Store(int32(len(d.loops)))
	d.sockets = append(d.sockets, s)
	for _, l := range d.loops {
		l.post(func() { l.listen(s) })
	}
	return nil
}

func (d *epoll) Remove(ln *Listener) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.sockets, func(s *socket) bool { return s.Listener == ln })
	if i < 0 {
		return
	}
	s := d.sockets[i]
	d.sockets = slices.Delete(d.sockets, i, i+1)
	s.leaving.Store(true)
	for _, l := range d.loops {
		l.post(func() { l.leave(s) })
	}
}

func (d *epoll) Shutdown() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopping.Swap(true) {
		return
	}
	for _, l := range d.loops {
		l.post(l.shutdown)
	}
}

// cut returns the error that ends the waits of a task that starts, or whose own
// cut is taken back; nil = none.
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
