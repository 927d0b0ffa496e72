package accesslog

import (
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

// A way is what becomes of the lines of some requests. It never changes.
type way struct {
	to     plan.AccessLog
	out    *stream // nil means that they have no lines
	shown  bool    // the terminal shows them
	sample float64 // the part of those that went well; 1 means all
	slow   time.Duration
	layout *layout
}

// ways are those of a plan.
type ways struct {
	plan   *way
	groups map[string]*way // only of groups that have settings of their own
}

// waysOf returns the ways of a plan with some changes, without streams.
func waysOf(p *plan.Plan, changes Changes, terminal *Terminal) *ways {
	newWay := func(g *plan.Group) *way {
		s := changes.Settings(p, g)
		return &way{to: s.To, shown: terminal.shows(s.To), sample: float64(s.Sample), slow: s.Slow, layout: newLayout(&s)}
	}
	all := &ways{plan: newWay(nil), groups: map[string]*way{}}
	for _, g := range p.Groups {
		if g.AccessLog != plan.AccessLogAuto || g.LogFields != nil || g.LogSample != 0 || g.LogSlow != nil || !changes.IsZero() {
			all.groups[g.Name] = newWay(g)
		}
	}
	return all
}

// each calls f for all ways.
func (w *ways) each(f func(*way)) {
	f(w.plan)
	for _, g := range w.groups {
		f(g)
	}
}

// of returns the way of a request.
func (w *ways) of(r *result.Result) *way {
	if len(w.groups) > 0 {
		if g := w.groups[r.Group]; g != nil {
			return g
		}
	}
	return w.plan
}

// keeps reports whether a request has a line, and whether that line stands for others,
// too.
func (w *way) keeps(r *result.Result) (keep, sampled bool) {
	if w.sample == 1 || r.Kind != "" || r.Status < http.StatusOK || r.Status >= http.StatusBadRequest || w.slow > 0 && r.Took >= w.slow {
		return true, false
	}
	return rand.Float64() < w.sample, true
}
