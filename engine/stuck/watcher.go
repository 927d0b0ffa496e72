// Package stuck logs requests that a worker does not begin to answer in time, while
// they run, and gets the stacks of such workers.
//
// It looks at the requests in hand now and then, as long as a group has
// slow_request. Requests and event loops do nothing for it.
package stuck

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/proxy"
	"github.com/ldcorn/ldcorn/engine/worker"
)

const (
	// shown is how many requests of a worker have lines of their own in each pause.
	shown = 3
	pause = 10 * time.Second
	// The time between two looks is a fifth of the least slow_request, within these
	// bounds.
	leastTick, mostTick = 100 * time.Millisecond, time.Second
)

// Options are what a Watcher needs.
type Options struct {
	Log    *slog.Logger
	Events *event.Stream
	Output worker.Output // receives the stacks that py-spy prints; nil discards them
	// Slow returns the requests that have become slow; see proxy.Proxy.Slow.
	Slow func(limits map[string]time.Duration, few int) []proxy.SlowWorker
	// Ready returns the worker of a group that gets requests, as a pid and an index, or
	// a pid of 0 if there is none yet.
	Ready func(group string) (pid, index int)
	// Count counts slow requests of a group.
	Count func(group string, n int)
}

// A Watcher watches the requests in hand.
type Watcher struct {
	opts    Options
	changed chan struct{} // has capacity 1; a value means that settings or ends have changed
	stacks  stacks

	mu       sync.Mutex // guards all below
	settings settings
	ends     []proxy.SlowEnd // not handled yet

	// Owned by Run's goroutine.
	logged   map[uint64]bool // numbers of the requests that have lines
	windows  map[process]*window
	foreseen map[string]bool // groups whose stacks were looked for before one is needed
}

// settings are those of the plan in effect.
type settings struct {
	limits map[string]time.Duration // of the groups with slow_request
	dumps  map[string]bool          // groups with dump_on_stuck
	tick   time.Duration            // between two looks; 0 = there is nothing to look for
}

// A process is a process of a worker.
type process struct {
	group      string
	index, pid int
}

// A window bounds the lines about a worker for a pause.
type window struct {
	end     time.Time
	lines   int
	more    int // requests without a line
	longest time.Duration
}

// New returns a Watcher that watches once Run is called.
func New(opts Options) *Watcher {
	return &Watcher{opts: opts, changed: make(chan struct{}, 1), stacks: newStacks(opts.Log, opts.Output),
		logged: make(map[uint64]bool), windows: make(map[process]*window), foreseen: make(map[string]bool)}
}

// Follow makes a plan the one in effect. Any goroutine may call it.
func (w *Watcher) Follow(p *plan.Plan) {
	s := settings{limits: make(map[string]time.Duration), dumps: make(map[string]bool)}
	for _, g := range p.Groups {
		if g.SlowRequest == 0 {
			continue
		}
		s.limits[g.Name], s.dumps[g.Name] = g.SlowRequest, g.DumpOnStuck
		if tick := min(max(g.SlowRequest/5, leastTick), mostTick); s.tick == 0 || tick < s.tick {
			s.tick = tick
		}
	}
	w.mu.Lock()
	w.settings = s
	w.mu.Unlock()
	w.wake()
}

// Ended takes the end of a request that was in a result of Slow. Any goroutine may
// call it; it does not wait.
func (w *Watcher) Ended(end proxy.SlowEnd) {
	w.mu.Lock()
	w.ends = append(w.ends, end)
	w.mu.Unlock()
	w.wake()
}

func (w *Watcher) wake() {
	select {
	case w.changed <- struct{}{}:
	default: // Run has been notified already
	}
}

// take returns the settings, and the ends that were not handled yet.
func (w *Watcher) take() (settings, []proxy.SlowEnd) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ends := w.ends
	w.ends = nil
	return w.settings, ends
}

// Run watches until ctx is done. It must be called once.
func (w *Watcher) Run(ctx context.Context) {
	defer w.stacks.wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var next time.Time // of the next look
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.changed:
		case <-timer.C:
		}
		now := time.Now()
		s, ends := w.take()
		if s.tick > 0 && !now.Before(next) {
			w.look(ctx, now, s)
			w.foresee(s)
			next = now.Add(s.tick)
		}
		for i := range ends {
			w.end(&ends[i])
		}
		if s.tick > 0 {
			timer.Reset(time.Until(next))
		}
	}
}

// look looks for requests that have become slow.
func (w *Watcher) look(ctx context.Context, now time.Time, s settings) {
	for _, slow := range w.opts.Slow(s.limits, shown) {
		w.opts.Count(slow.Group, slow.Count)
		p := process{slow.Group, slow.Worker, slow.PID}
		in := w.windows[p]
		first := in == nil
		if first {
			in = &window{end: now.Add(pause)}
			w.windows[p] = in
			w.emit(&slow, s.limits[slow.Group])
		}
		lines := min(len(slow.Oldest), shown-in.lines)
		for i := range lines {
			w.begin(&slow.Oldest[i], s.limits[slow.Group])
		}
		in.lines += lines
		in.more += slow.Count - lines
		in.longest = max(in.longest, slow.Longest)
		if first {
			w.tellMore(p, in)
		}
		if s.dumps[slow.Group] {
			w.stacks.get(ctx, p, now)
		}
	}
	for p, in := range w.windows {
		if !now.Before(in.end) {
			w.tellMore(p, in)
			delete(w.windows, p)
		}
	}
}

// foresee says once of each group with dump_on_stuck if nothing could get a stack of its
// workers, as soon as one is ready.
func (w *Watcher) foresee(s settings) {
	for group, dump := range s.dumps {
		if !dump || w.foreseen[group] {
			continue
		}
		if pid, index := w.opts.Ready(group); pid != 0 {
			w.foreseen[group] = true
			w.stacks.foresee(process{group, index, pid})
		}
	}
}

// emit sends an event about a worker. It holds nothing that a client wrote, because
// anybody who can reach the admin listener can read it.
func (w *Watcher) emit(slow *proxy.SlowWorker, limit time.Duration) {
	w.opts.Events.Emit(api.Event{
		Kind: api.EventSlow, Group: slow.Group, Worker: &slow.Worker, PID: slow.PID, Requests: slow.Count, Took: slow.Longest.Seconds(),
		Reason: "no answer within slow_request, " + limit.String(),
	})
}

// begin logs a request that has become slow.
func (w *Watcher) begin(r *proxy.SlowRequest, limit time.Duration) {
	w.logged[r.Number] = true
	w.opts.Log.Warn("request is slow", "group", r.Group, "worker", r.Worker, "pid", r.PID, "method", r.Method, "path", r.Path,
		"age", short(r.Age), "held", short(r.Held), "queued", short(r.Queued), "id", r.ID, "slow_request", limit)
}

// tellMore logs how many requests of a worker are slow and have no line.
func (w *Watcher) tellMore(p process, in *window) {
	if in.more > 0 {
		w.opts.Log.Warn("more requests are slow", "group", p.group, "worker", p.index, "pid", p.pid, "requests", in.more, "longest", short(in.longest))
		in.more = 0
	}
}

// end logs the end of a request that had a line.
func (w *Watcher) end(e *proxy.SlowEnd) {
	if !w.logged[e.Number] {
		return
	}
	delete(w.logged, e.Number)
	attrs := []any{"group", e.Group, "worker", e.Worker, "pid", e.PID, "method", e.Method, "path", e.Path, "status", e.Status,
		"took", short(e.Took), "held", short(e.Held), "queued", short(e.Queued), "id", e.ID}
	if e.Reason != "" {
		attrs = append(attrs, "reason", e.Reason)
	}
	w.opts.Log.Warn("slow request ended", attrs...)
}

func short(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
