package supervisor

import (
	"slices"
	"time"
)

// An Activity is an Apply or a Scale in progress. Nothing else changes what
// runs until it ends.
type Activity struct {
	Scaled string // the group of a Scale; "" for an Apply
	Since  time.Time
	Waits  []string // the groups with new workers that are not ready, in order
	Reason string   // why one of these workers is not ready yet; "" if unknown

	PublicReason string // what anybody may know of a Reason that may hold secrets; "" if that is all of it
}

// Activity returns what the supervisor is doing, or nil if it is idle. It is
// safe to call from any goroutine.
func (s *Supervisor) Activity() *Activity { return s.activity.Load() }

// An observer reports how the start of workers is going. The supervisor's
// goroutine calls it.
type observer struct {
	s     *Supervisor
	opts  *ApplyOptions
	steps map[*group]*step
	trial bool // the workers are stopped again, so they do not count as ready
}

// observe returns an observer for the groups of some steps.
func (s *Supervisor) observe(steps []*step, opts *ApplyOptions) *observer {
	o := &observer{s: s, opts: opts, steps: make(map[*group]*step)}
	for _, st := range steps {
		o.steps[st.group] = st
	}
	return o
}

// onTrial returns a copy of the observer that counts no worker as ready.
func (o *observer) onTrial() *observer {
	other := *o
	other.trial = true
	return &other
}

// ready reports one more ready worker.
func (o *observer) ready(g *group) {
	if st := o.steps[g]; !o.trial {
		st.ready++
		o.opts.tell(st.progress(StepReady, st.ready))
	}
}

// unready reports why a worker is not ready yet.
func (o *observer) unready(g *group, t trouble) {
	st := o.steps[g]
	p := st.progress(StepUnready, st.ready)
	p.Worker, p.Reason, p.Ended = t.worker, t.reason, t.ended
	o.opts.tell(p)
}

// waits records which groups the supervisor waits for.
func (o *observer) waits(groups []string, reason string) {
	now := o.s.activity.Load()
	if now == nil || slices.Equal(now.Waits, groups) && now.Reason == reason {
		return
	}
	next := *now
	next.Waits, next.Reason, next.PublicReason = groups, reason, ""
	o.s.activity.Store(&next)
}

// A trouble says why a worker of a batch is not ready yet. The zero trouble
// means no known reason.
type trouble struct {
	worker int // index
	reason string
	ended  bool // the worker has ended, and is started again
}
