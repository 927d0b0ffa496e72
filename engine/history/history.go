package history

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/stats"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// What a History holds: how many points, and how much of what has gone.
const (
	keptSeconds = 15 * 60
	keptMinutes = 24 * 60
	goneGroups  = 64   // groups that were removed
	goneWorkers = 1024 // workers of groups that have fewer now
)

// measureShare is the part of its time that a History spends at most on the memory and
// CPU use of workers, for which it looks at every process of the machine. With many
// processes, it measures less often than once a second, but each measureAtLeast.
const (
	measureShare   = 100 // one part in
	measureAtLeast = 10 * time.Second
)

// A Supervisor knows the groups. See supervisor.Supervisor.
type Supervisor interface {
	Groups() []api.GroupStatus
	Usages() (of map[int]worker.Usage, at time.Time)
}

// Options are what a History needs. All are required.
type Options struct {
	Supervisor Supervisor
	Counted    *stats.Requests
	Started    time.Time            // when the master was started
	Busy       func() (done func()) // called before work that takes long, and done after it
	elapsed    func() time.Duration // for tests; nil means the clock of the system
	now        func() time.Time     // for tests; nil means time.Now
}

// A History is the history of one master. Its methods are safe to call from any
// goroutine.
type History struct {
	opts   Options
	origin time.Duration // the clock at the beginning of the first second
	asked  chan func()
	ended  chan struct{}
	newest atomic.Pointer[newest]

	// Only the goroutine of Run uses these, and those that it runs the functions of:
	second uint64 // number of the last sample
	groups map[string]*group
	meter  meter
}

// A newest says what the newest second is, and when there is another.
type newest struct {
	number uint64
	over   chan struct{} // closed once there is another
}

// New returns a History without points. It takes the first sample a second after this.
func New(opts Options) *History {
	if opts.elapsed == nil {
		opts.elapsed = elapsed
	}
	if opts.now == nil {
		opts.now = time.Now
	}
	h := &History{opts: opts, origin: opts.elapsed(), asked: make(chan func()), ended: make(chan struct{}), groups: make(map[string]*group)}
	h.newest.Store(&newest{over: make(chan struct{})})
	return h
}

// Run takes samples until ctx is done.
func (h *History) Run(ctx context.Context) {
	defer close(h.ended)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case f := <-h.asked:
			f()
		case <-ticker.C:
			h.sample()
		}
	}
}

// errEnded is why nothing can be asked for.
var errEnded = errors.New("the master is stopping")

// do runs f in the goroutine of Run.
func (h *History) do(ctx context.Context, f func()) error {
	done := make(chan struct{})
	select {
	case h.asked <- func() { defer close(done); f() }:
		<-done
		return nil
	case <-h.ended:
		return errEnded
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Newest returns the number of the newest second, 0 before the first.
func (h *History) Newest() uint64 { return h.newest.Load().number }

// Wait returns once there is a second after the one with a number, or when the History
// or ctx is done.
func (h *History) Wait(ctx context.Context, after uint64) {
	for {
		now := h.newest.Load()
		if now.number > after {
			return
		}
		select {
		case <-now.over:
		case <-h.ended:
			return
		case <-ctx.Done():
			return
		}
	}
}

// sample adds a point to what is there now. A tick that is early or late by less than half
// a second changes nothing, and after a longer pause the seconds in between are holes.
func (h *History) sample() {
	n := uint64((h.opts.elapsed() - h.origin + time.Second/2) / time.Second)
	if n <= h.second {
		return
	}
	h.second = n
	status := h.opts.Supervisor.Groups()
	h.measure(status)
	counted := h.opts.Counted.Groups()
	for i := range status {
		h.group(status[i].Name).see(&status[i], n, &h.meter)
	}
	for name, g := range h.groups {
		if g.seen == n {
			g.take(counted[name])
		}
	}
	h.prune()
	before := h.newest.Swap(&newest{number: n, over: make(chan struct{})})
	close(before.over)
}

// group returns the group with a name.
func (h *History) group(name string) *group {
	g := h.groups[name]
	if g == nil {
		g = new(group)
		h.groups[name] = g
	}
	return g
}
