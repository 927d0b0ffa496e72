package judge

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/history"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// How much of the past of a group a track has: each second of the last minute, and of
// memory also each longStep of the last 15 minutes.
const (
	keptSeconds = 60
	longStep    = 10 * time.Second
)

// A track is what a Judge remembers of a group.
type track struct {
	name    string
	seconds []second // the newest last
	seats   map[int]*seat
	crashes []crash
	worn    []time.Time // when workers reached max_rss
	change  *change     // the newest one; nil for none

	trouble  *trouble      // nil while answers are good
	answered time.Time     // when a worker last answered
	usual    time.Duration // what requests take, while none is answered; 0 if not asked yet, -1 if not known
	leaking  *leaking      // nil while no memory grows

	queuedSince, busySince time.Time // zero while it is not so
}

// A second is what a group did in a second.
type second struct {
	end      time.Time
	requests float32 // of which a worker had each
	errors   float32 // of these
	p95      float32 // NaN without requests
	byWorker map[int]float32
}

// A seat is what a Judge remembers of the worker of one index.
type seat struct {
	pid   int
	alone time.Time // since when no other process has the seat, too; zero while one has
	cpu   []float32 // of each second, the newest last; NaN if not known
	alive time.Time // when its event loop last worked, as far as is known
	memory
	door
}

// A change is something that an operator did to a group.
type change struct {
	at       time.Time
	what     string
	isStart  bool // of the group
	before   traffic
	requests float32 // since
}

// Traffic is the requests of a group in some time.
type traffic struct {
	requests, errors float32
	p95              float32 // the median of those of seconds; NaN without requests
}

// follow takes in the state of a group.
func (t *track) follow(g *api.GroupStatus, now time.Time) {
	seen, processes := make(map[int]bool, len(g.Workers)), make(map[int]int)
	for i := range g.Workers {
		if g.Workers[i].PID != 0 {
			processes[g.Workers[i].Index]++
		}
	}
	for i := range g.Workers {
		w := &g.Workers[i]
		if w.New || w.State == api.StateDraining || w.State == api.StateStopping {
			continue // the seat is that of another
		}
		seen[w.Index] = true
		s := t.seats[w.Index]
		if s == nil || s.pid != w.PID {
			s = &seat{pid: w.PID}
			t.seats[w.Index] = s
		}
		s.follow(w, processes[w.Index] == 1, now)
	}
	for index := range t.seats {
		if !seen[index] {
			delete(t.seats, index)
		}
	}
}

// follow takes in the state of the worker of a seat, which can be the only process there.
func (s *seat) follow(w *api.WorkerStatus, alone bool, now time.Time) {
	switch {
	case !alone:
		s.alone = time.Time{}
	case s.alone.IsZero():
		s.alone = now
		if len(s.cpu) == 0 {
			s.alone = w.Since // nobody has seen another
		}
	}
	from := s.alone
	if w.State != api.StateReady || s.alone.IsZero() {
		from = time.Time{}
	} else if w.Since.After(from) {
		from = w.Since
	}
	s.memory.begin(from)
}

// add takes in the newest seconds.
func (t *track) add(h *api.History, g *api.GroupHistory) {
	for i := range h.Points {
		one := second{end: h.End.Add(-time.Duration(h.Points-1-i) * time.Second), p95: g.P95[i], byWorker: make(map[int]float32)}
		for k := range g.Workers {
			w := &g.Workers[k]
			one.add(w, i)
			s := t.seats[w.Index]
			if s == nil || w.Removed {
				continue
			}
			s.cpu = push(s.cpu, w.CPU[i])
			s.memory.add(one.end, w.RSS[i], w.Requests[i])
			if w.Requests[i] > 0 && s.knock == nil {
				s.alive = one.end.Add(-time.Second)
			}
		}
		t.addSecond(one)
		if answersOf(g, i) > 0 {
			t.answered = one.end
		}
	}
}

// addSecond takes in what the group did in a second.
func (t *track) addSecond(one second) {
	t.seconds = push(t.seconds, one)
	if c := t.change; c != nil && one.end.Add(-time.Second).Compare(c.at) >= 0 {
		c.requests += one.requests
	}
}

// add adds what a worker did in a second, if that is known.
func (s *second) add(w *api.WorkerHistory, i int) {
	if n := w.Requests[i]; n > 0 {
		s.requests += n
		if w.Errors[i] > 0 {
			s.errors += w.Errors[i]
			s.byWorker[w.Index] += w.Errors[i]
		}
	}
}

// push adds a value to the newest ones.
func push[T any](s []T, v T) []T {
	if len(s) >= keptSeconds {
		s = slices.Delete(s, 0, len(s)-keptSeconds+1)
	}
	return append(s, v)
}

// changeAge is for how long a change can be the reason of what comes after it.
const changeAge = 15 * time.Minute

// sameChange is how close two changes of a kind are that are one, such as a restart of
// one worker after another.
const sameChange = time.Minute

// happened takes in an event of the group.
func (t *track) happened(ctx context.Context, e *api.ControlEvent, past Past) {
	switch e.Kind {
	case api.EventCrashed, api.EventStartFailed, api.EventFailed:
		t.crashed(e)
	case api.EventRecycled:
		switch {
		case e.Reason == "ldcorn restart":
			t.changed(ctx, e.At, "ldcorn restart", false, past)
		case isMaxRSS(e.Reason):
			t.worn = append(t.worn[max(0, len(t.worn)-keptSeconds):], e.At)
		}
	case api.EventApplied:
		if what, isStart := changeOf(e); what != "" {
			t.changed(ctx, e.At, what, isStart, past)
		}
	}
}

// changeOf names the change that a group was applied for, or returns "" for none, and
// whether that was its start.
func changeOf(e *api.ControlEvent) (what string, isStart bool) {
	what = "a reload"
	switch action, _, _ := strings.Cut(e.Reason, ":"); plan.Action(action) {
	case plan.Keep:
		return "", false
	case plan.Add:
		return fmt.Sprintf("the start of the group (generation %d)", e.Generation), true
	case plan.Resize:
		what = "a reload or ldcorn scale"
	}
	return fmt.Sprintf("%s (generation %d; %s)", what, e.Generation, e.Reason), false
}

// changed notes a change, with what the group did before it.
func (t *track) changed(ctx context.Context, at time.Time, what string, isStart bool, past Past) {
	if c := t.change; c != nil && c.what == what && at.Sub(c.at) < sameChange {
		return
	}
	t.change = &change{at: at, what: what, isStart: isStart}
	h, err := past.Answer(ctx, history.Query{Groups: []string{t.name}, Step: time.Second, Since: 5 * time.Minute, Workers: true})
	if err != nil || len(h.Groups) != 1 {
		return // it is new
	}
	g := &h.Groups[0]
	var before []second
	for i := range h.Points {
		one := second{end: h.End.Add(-time.Duration(h.Points-1-i) * time.Second), p95: g.P95[i], byWorker: make(map[int]float32)}
		for k := range g.Workers {
			one.add(&g.Workers[k], i)
		}
		if one.end.Before(at) {
			before = append(before, one)
		}
	}
	t.change.before = sum(before)
}

// sum returns the traffic of some seconds.
func sum(of []second) (out traffic) {
	var times []float32
	for _, s := range of {
		out.requests, out.errors = out.requests+s.requests, out.errors+s.errors
		if s.requests > 0 && s.p95 == s.p95 {
			times = append(times, s.p95)
		}
	}
	slices.Sort(times)
	if out.p95 = nan; len(times) > 0 {
		out.p95 = times[len(times)/2]
	}
	return out
}

// changeBefore says what had changed shortly before an incident began. The start of a
// group matters only for its crashes and errors.
func (t *track) changeBefore(kind api.IncidentKind, since time.Time) string {
	const late = 3 * time.Second // what the change has begun can be dated before it
	c := t.change
	if c == nil || c.at.After(since.Add(late)) || since.Sub(c.at) > changeAge || c.isStart && kind != api.IncidentCrashLoop && kind != api.IncidentErrors {
		return ""
	}
	if d := since.Sub(c.at); d >= time.Second {
		return c.what + ", " + ago(d) + " before"
	}
	return c.what + ", just before"
}
