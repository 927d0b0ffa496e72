package history

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// The number of series of a group and of a worker, and the most values in an answer.
const (
	groupSeries  = 20
	workerSeries = 6
	maxValues    = 500_000
)

// The longest time that each resolution goes back to.
const (
	secondsKept = keptSeconds * time.Second
	minutesKept = keptMinutes * time.Minute
)

// A Query asks for a part of a history.
type Query struct {
	Groups  []string      // all if empty
	Workers bool          // whether to include the workers
	Since   time.Duration // how far back; 0 means as far as there are points of the step
	Step    time.Duration // a whole number of seconds below a minute, or of minutes; 0 means the shortest that fits
	After   *uint64       // only points with higher numbers; nil means all
}

// steps are the steps to choose from if a query names none. They are read-only.
var steps = [...]time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}

// A QueryError says what is wrong with a Query.
type QueryError struct{ text string }

func (e *QueryError) Error() string { return e.text }

func invalid(format string, args ...any) error { return &QueryError{fmt.Sprintf(format, args...)} }

// Check returns an error if no history can answer the query. It is a *QueryError.
func (q *Query) Check() error {
	switch {
	case q.Since < 0 || q.Since > minutesKept:
		return invalid("since: got %s, want at most %s", q.Since, "24h")
	case q.Step < 0 || q.Step > minutesKept || q.Step%time.Second != 0:
		return invalid("step: got %s, want whole seconds, at most 24h", q.Step)
	case q.Step > time.Minute && q.Step%time.Minute != 0:
		return invalid("step: got %s, want whole minutes, or less than a minute", q.Step)
	case q.Step > 0 && q.Step < time.Minute && q.Since > secondsKept:
		return invalid("step: got %s, want at least 1m: single seconds are kept for 15m", q.Step)
	case q.After != nil && q.Step == 0:
		return invalid("after: want a step, too: each step has its own numbers")
	}
	return nil
}

// Values returns the query as the parameters of a URL.
func (q *Query) Values() url.Values {
	v := url.Values{"workers": {strconv.FormatBool(q.Workers)}}
	if len(q.Groups) > 0 {
		v["group"] = q.Groups
	}
	if q.Since != 0 {
		v.Set("since", q.Since.String())
	}
	if q.Step != 0 {
		v.Set("step", q.Step.String())
	}
	if q.After != nil {
		v.Set("after", strconv.FormatUint(*q.After, 10))
	}
	return v
}

// ParseQuery reads a query from the parameters of a URL. The error is a *QueryError.
func ParseQuery(v url.Values) (q Query, err error) {
	q.Groups, q.Workers = v["group"], true
	if s := v.Get("workers"); s != "" {
		if q.Workers, err = strconv.ParseBool(s); err != nil {
			return q, invalid("workers: got %q, want true or false", s)
		}
	}
	if q.Since, err = duration(v, "since"); err != nil {
		return q, err
	}
	if q.Step, err = duration(v, "step"); err != nil {
		return q, err
	}
	if s := v.Get("after"); s != "" {
		n, err := strconv.ParseUint(s, 10, 63)
		if err != nil {
			return q, invalid("after: got %q, want the number of a point, such as the last of the answer before", s)
		}
		q.After = &n
	}
	return q, q.Check()
}

// duration reads a duration: "10m", or a number of seconds.
func duration(v url.Values, name string) (time.Duration, error) {
	s := v.Get(name)
	if s == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, invalid("%s: got %q, want a duration, such as 10m, or a number of seconds", name, s)
	}
	return d, nil
}

// A span is the points of an answer.
type span struct {
	step  uint64 // seconds
	first uint64 // number of the first point
	last  uint64 // number of the last one that there is; below first if the answer has none
}

func (s span) points() int { return int(s.last + 1 - min(s.first, s.last+1)) }

// span returns the points that q asks for with a step, at a second.
func (q *Query) span(step time.Duration, second uint64) span {
	s := span{step: uint64(step / time.Second)}
	s.last = second / s.step
	kept := secondsKept
	newest := second
	if step >= time.Minute {
		kept, newest = minutesKept, second-second%chunk
	}
	since := kept
	if q.Since > 0 {
		since = min(since, q.Since)
	}
	most := uint64((since + step - 1) / step)
	s.first = s.last + 1 - min(s.last, most)
	if lost := newest - min(newest, uint64(kept/time.Second)); lost > 0 { // a step of which a part is lost is not whole
		s.first = max(s.first, (lost+s.step-1)/s.step+1)
	}
	if q.After != nil && *q.After <= s.last { // otherwise it is a number of another master
		s.first = max(s.first, *q.After+1)
	}
	return s
}

// choose returns the points that q asks for, for a number of series.
func (q *Query) choose(series int, second uint64) (span, error) {
	if q.Step > 0 {
		s := q.span(q.Step, second)
		if n := s.points() * series; n > maxValues {
			return s, invalid("the answer would have %d values, want at most %d: ask for less time, a longer step or fewer groups, or with workers=false", n, maxValues)
		}
		return s, nil
	}
	for _, step := range steps {
		if step < time.Minute && q.Since > secondsKept {
			continue
		}
		if s := q.span(step, second); s.points()*series <= maxValues {
			return s, nil
		}
	}
	return span{}, invalid("there are too many workers for one answer: ask for fewer groups, or with workers=false")
}

// Answer answers a query. An error is a *QueryError, a *supervisor.UnknownGroupError, or
// about the end of ctx or of the master.
func (h *History) Answer(ctx context.Context, q Query) (out *api.History, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	if ended := h.do(ctx, func() { out, err = h.answer(&q) }); ended != nil {
		return nil, ended
	}
	return out, err
}

// answer is Answer in the goroutine of Run.
func (h *History) answer(q *Query) (*api.History, error) {
	names := slices.Sorted(maps.Keys(h.groups))
	if len(q.Groups) > 0 {
		for _, name := range q.Groups {
			if h.groups[name] == nil {
				return nil, &supervisor.UnknownGroupError{Group: name, Known: names}
			}
		}
		names = slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(q.Groups, name) })
	}
	series := 0
	for _, name := range names {
		series += groupSeries
		if q.Workers {
			series += workerSeries * h.groups[name].size()
		}
	}
	s, err := q.choose(series, h.second)
	if err != nil {
		return nil, err
	}
	now := h.opts.now()
	past := h.opts.elapsed() - h.origin - time.Duration(s.last*s.step)*time.Second
	out := &api.History{FormatVersion: api.HistoryVersion, Started: h.opts.Started, Now: now, Step: int(s.step),
		Points: s.points(), Last: s.last, End: now.Add(-past), Groups: make([]api.GroupHistory, 0, len(names))}
	for _, name := range names {
		g := h.groups[name]
		one := g.history(s)
		one.Name, one.Removed = name, g.removed || g.seen != h.second
		if q.Workers {
			one.Workers = g.workerHistories(s)
		}
		out.Groups = append(out.Groups, one)
	}
	return out, nil
}
