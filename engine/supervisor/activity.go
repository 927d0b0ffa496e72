package supervisor

import (
	"slices"
	"time"
)

// An Activity is an Apply or a Scale that the supervisor carries out. Nothing else
// changes what runs until its end.
type Activity struct {
	Scaled string // the group of a Scale; "" for an Apply
	Since  time.Time
	Waits  []string // the groups with new workers that are not ready, in order
	Reason string   // why one of these workers is not ready yet; "" if nothing is known
}

// Activity returns what the supervisor carries out, nil if that is nothing. Safe
// from any goroutine.
func (s *Supervisor) Activity() *Activity { return s.activity.Load() }

// An observer is told how the start of workers goes, by the supervisor's
// goroutine.
type observer struct {
	s     *Supervisor
	opts  *ApplyOptions
	steps map[*group]*step
	trial bool // what is started is stopped again: its workers do not count as ready
}

// observe returns an observer for the groups of some steps.
func (s *Supervisor) observe(steps []*step, opts *ApplyOptions) *observer {
	o := &observer{s: s, opts: opts, steps: make(map[*group]*step)}
	for _, st := range steps {
		o.steps[st.group] = st
	}
	return o
}

// onTrial returns an observer that counts no worker as ready.
func (o *observer) onTrial() *observer {
	other := *o
	other.trial = true
	return &other
}

// ready tells of one more worker that is ready.
func (o *observer) ready(g *group) {
	if st := o.steps[g]; !o.trial {
		st.ready++
		o.opts.tell(st.progress(StepReady, st.ready))
	}
}

// unready tells why a worker is not ready yet.
func (o *observer) unready(g *group, t trouble) {
	st := o.steps[g]
	p := st.progress(StepUnready, st.ready)
	p.Worker, p.Reason = t.worker, t.reason
	o.opts.tell(p)
}

// waits notes which groups are waited for.
func (o *observer) waits(groups []string, reason string) {
	now := o.s.activity.Load()
	if now == nil || slices.Equal(now.Waits, groups) && now.Reason == reason {
		return
	}
	next := *now
	next.Waits, next.Reason = groups, reason
	o.s.activity.Store(&next)
}

// A trouble is why a worker of a batch is not ready yet. The zero trouble is none.
type trouble struct {
	worker int // index
	reason string
}
