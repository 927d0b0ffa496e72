package judge

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/history"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// linger is how long an incident must not have been seen until it is over, so that one
// that comes and goes is one.
const linger = 5 * time.Second

// quietFrom is for how long nothing more must have been seen of an incident that is not
// over until it is quiet.
const quietFrom = 10 * time.Second

// A Past has what groups and workers did. See history.History.
type Past interface {
	Wait(ctx context.Context, after uint64)
	Newest() uint64
	Answer(context.Context, history.Query) (*api.History, error)
}

// Options are what Run needs. All are required.
type Options struct {
	Groups func() []api.GroupStatus // without the use of memory
	InHand func() *api.Requests     // some of the oldest requests of each worker, and the queues
	Plan   func() *plan.Plan        // in effect; nil before the first one
	Past   Past
	Events *event.Stream
	Log    *slog.Logger
}

// A Judge finds what is wrong. The zero Judge has found nothing, and looks once Run is
// called. Its methods are safe to call from any goroutine.
type Judge struct {
	incidents atomic.Pointer[[]api.Incident] // what is wrong now; replaced, never modified
	failing   failing
	slower    failing // requests that take longer than before a change

	// Only the goroutine of Run uses these:
	opts     Options
	events   *event.Reader
	second   uint64 // the newest one that was looked at
	tracks   map[string]*track
	open     map[key]*open
	knockers sync.WaitGroup
	knocking atomic.Int32
}

// A key tells incidents apart.
type key struct {
	kind   api.IncidentKind
	group  string
	worker int // -1 for the group
}

// An open is an incident that is not over.
type open struct {
	last api.Incident
	seen time.Time
}

// Incidents returns what is wrong now, with what clients and workers wrote. The caller
// must not change it.
func (j *Judge) Incidents() []api.Incident {
	if all := j.incidents.Load(); all != nil {
		return *all
	}
	return nil
}

// Run looks each second until ctx is done. It must be called once.
func (j *Judge) Run(ctx context.Context, opts Options) {
	j.opts, j.events, j.tracks, j.open = opts, opts.Events.Read(nil, 0), make(map[string]*track), make(map[key]*open)
	defer j.knockers.Wait()
	for {
		j.opts.Past.Wait(ctx, j.second)
		newest := j.opts.Past.Newest()
		if ctx.Err() != nil || newest <= j.second {
			return // the history has ended, too
		}
		j.look(ctx, newest)
	}
}

// A sight is what a Judge sees in one look.
type sight struct {
	ctx    context.Context
	now    time.Time
	plan   *plan.Plan
	groups []api.GroupStatus
	hand   map[holder][]*api.Request // requests for which a worker works, the oldest first
	queues map[string]*api.RequestQueue
}

// A holder is a process of a worker.
type holder struct {
	group      string
	index, pid int
}

// look looks once.
func (j *Judge) look(ctx context.Context, newest uint64) {
	s := &sight{ctx: ctx, now: time.Now(), plan: j.opts.Plan(), groups: j.opts.Groups()}
	if s.plan == nil {
		j.second = newest
		return
	}
	j.see(s, newest)
	s.list(j.opts.InHand)
	var found []api.Incident
	for i := range s.groups {
		if g := &s.groups[i]; !g.Removed {
			found = append(found, j.judge(s, g)...)
		}
	}
	j.publish(found, s.now)
}

// see takes in the newest seconds and events.
func (j *Judge) see(s *sight, newest uint64) {
	after := j.second
	if after == 0 || newest-after > keptSeconds {
		after = newest - 1
	}
	j.second = newest
	seen := make(map[string]bool, len(s.groups))
	for i := range s.groups {
		if g := &s.groups[i]; !g.Removed {
			seen[g.Name] = true
			j.track(g.Name).follow(g, s.now)
		}
	}
	for name := range j.tracks {
		if !seen[name] {
			delete(j.tracks, name)
			j.failing.forget(name)
			j.slower.forget(name)
			j.slower.onlyFrom(name, nan)
		}
	}
	events, _ := j.events.Take()
	for i := range events {
		if t := j.tracks[events[i].Group]; t != nil {
			t.happened(s.ctx, &events[i], j.opts.Past)
		}
	}
	h, err := j.opts.Past.Answer(s.ctx, history.Query{Step: time.Second, After: &after, Workers: true})
	if err != nil {
		return // there is too much of it, or the master ends
	}
	for i := range h.Groups {
		if t := j.tracks[h.Groups[i].Name]; t != nil {
			t.add(h, &h.Groups[i])
		}
	}
}

// list reads the requests in hand, if there can be any that matter.
func (s *sight) list(read func() *api.Requests) {
	if !slices.ContainsFunc(s.groups, func(g api.GroupStatus) bool { return g.Requests > 0 || g.Queued > 0 }) {
		return
	}
	all := read()
	s.hand, s.queues = make(map[holder][]*api.Request), make(map[string]*api.RequestQueue)
	for i := range all.Requests {
		if r := &all.Requests[i]; r.Worker != nil && r.Stage != api.StageSending {
			by := holder{r.Group, *r.Worker, r.PID}
			s.hand[by] = append(s.hand[by], r)
		}
	}
	for i := range all.Queues {
		s.queues[all.Queues[i].Group] = &all.Queues[i]
	}
}

// judge returns what is wrong with a group.
func (j *Judge) judge(s *sight, g *api.GroupStatus) []api.Incident {
	t := j.track(g.Name)
	out := t.crashLoop(s, g, &j.failing)
	stuck := j.blocked(s, t, g)
	out = append(out, stuck...)
	out = append(out, t.silent(s, g, j.opts.Past, len(stuck))...)
	out = append(out, t.errors(s, &j.failing, &j.slower)...)
	out = append(out, t.queue(s, g, len(stuck))...)
	out = append(out, t.leak(s, g)...)
	for i := range out {
		if k := out[i].Kind; k != api.IncidentBadDeploy && k != api.IncidentErrors {
			out[i].Change = t.changeBefore(k, out[i].Since)
		}
	}
	return out
}

// track returns what is known of a group.
func (j *Judge) track(name string) *track {
	t := j.tracks[name]
	if t == nil {
		t = &track{name: name, seats: make(map[int]*seat)}
		j.tracks[name] = t
	}
	return t
}

// publish makes incidents those that are there now, and tells of those that began or are
// over.
func (j *Judge) publish(found []api.Incident, now time.Time) {
	for i := range found {
		in := &found[i]
		k := key{in.Kind, in.Group, -1}
		if in.Worker != nil {
			k.worker = *in.Worker
		}
		if before := j.open[k]; before != nil {
			if before.last.Since.Before(in.Since) && before.last.PID == in.PID {
				in.Since = before.last.Since
				in.Change = before.last.Change
			}
		} else {
			j.begun(in)
		}
		j.open[k] = &open{*in, now}
	}
	for k, o := range j.open {
		if now.Sub(o.seen) >= linger {
			j.over(&o.last, o.seen)
			delete(j.open, k)
		}
	}
	slices.SortStableFunc(found, inOrder)
	j.incidents.Store(&found)
}

// inOrder compares two incidents: bad ones come first, those that go on come before those
// of which nothing more is seen, and the one that explains others before these.
func inOrder(a, b api.Incident) int {
	moods := []api.Mood{api.MoodBad, api.MoodWarn}
	return cmp.Or(slices.Index(moods, a.Mood)-slices.Index(moods, b.Mood), number(a.Quiet)-number(b.Quiet),
		slices.Index(api.IncidentKinds, a.Kind)-slices.Index(api.IncidentKinds, b.Kind))
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// begun tells of an incident that has begun.
func (j *Judge) begun(in *api.Incident) {
	reason := in.Title + ": " + in.Cause
	if in.Change != "" {
		reason += "; " + in.Change
	}
	j.opts.Events.Emit(api.Event{Kind: api.EventIncident, Group: in.Group, Worker: in.Worker, PID: in.PID, Reason: reason})
	attrs := attrsOf(in)
	for _, more := range [][2]string{{"change", in.Change}, {"requests", in.Requests}, {"words", in.Words}, {"hint", in.Advice}} {
		if more[1] != "" {
			attrs = append(attrs, more[0], more[1])
		}
	}
	j.opts.Log.Warn("incident", append(attrs, "cause", in.Cause)...)
}

// over tells of an incident that is over.
func (j *Judge) over(in *api.Incident, at time.Time) {
	lasted := at.Sub(in.Since)
	j.opts.Events.Emit(api.Event{Kind: api.EventIncidentOver, Group: in.Group, Worker: in.Worker, PID: in.PID, Reason: in.Title, Took: lasted.Seconds()})
	j.opts.Log.Info("incident over", append(attrsOf(in), "lasted", lasted.Round(time.Second))...)
}

func attrsOf(in *api.Incident) []any {
	attrs := []any{"kind", in.Kind, "group", in.Group}
	if in.Worker != nil {
		attrs = append(attrs, "worker", *in.Worker)
	}
	if in.PID != 0 {
		attrs = append(attrs, "pid", in.PID)
	}
	return attrs
}
