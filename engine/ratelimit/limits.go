package ratelimit

import (
	"fmt"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// Limits has the limits of the plan in effect. The zero Limits has none. It is
// safe for concurrent use.
type Limits struct {
	mu     sync.Mutex // guards limits and done
	limits []*Limit   // replaced, never modified
	done   map[Place]*totals
}

// mostGone is how many places that have no limit any more keep their counts.
const mostGone = 256

// A Set finds the limits that apply to a request. It never changes. A nil Set
// has none.
type Set struct {
	all    *Limit
	groups map[*plan.Group]*Limit
	rules  map[*plan.Route]*Limit
}

// Publish returns the limits of a plan. A limit that was published last for the
// same place and with the same setting goes on. What is counted for a place goes on in any
// case.
func (ls *Limits) Publish(p *plan.Plan) *Set {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	type identity struct {
		place   Place
		setting plan.RateLimit
	}
	before := make(map[identity]*Limit)
	for _, l := range ls.limits {
		before[identity{l.Place, l.Setting}] = l
	}
	ls.limits = nil
	sets := setsOf(keyed(p))
	limit := func(place Place, setting plan.RateLimit) *Limit {
		if setting.IsZero() {
			return nil
		}
		l := before[identity{place, setting}]
		if l == nil {
			l = &Limit{Place: place, Setting: setting, Why: "the rate limit of " + place.String(), sets: sets, done: ls.doneIn(place)}
			if setting.By.By == match.KeyNone {
				l.sets = 1
			}
		}
		ls.limits = append(ls.limits, l)
		return l
	}
	s := &Set{all: limit(Place{}, p.RateLimit), groups: make(map[*plan.Group]*Limit), rules: make(map[*plan.Route]*Limit)}
	for _, g := range p.Groups {
		if l := limit(Place{Group: g.Name}, g.RateLimit); l != nil {
			s.groups[g] = l
		}
		same := make(map[string]int)
		for i := range g.Routes {
			r := &g.Routes[i]
			if r.RateLimit.IsZero() {
				continue
			}
			name := r.String()
			if same[name]++; same[name] > 1 {
				name += fmt.Sprintf(" #%d", same[name])
			}
			s.rules[r] = limit(Place{Group: g.Name, Route: name}, r.RateLimit)
		}
	}
	ls.forget()
	if len(ls.limits) == 0 {
		return nil
	}
	return s
}

// doneIn returns the totals of a place. mu must be held.
func (ls *Limits) doneIn(p Place) *totals {
	if ls.done == nil {
		ls.done = make(map[Place]*totals)
	}
	if ls.done[p] == nil {
		ls.done[p] = new(totals)
	}
	return ls.done[p]
}

// forget forgets the totals of places without a limit, if there are too many. mu must be
// held.
func (ls *Limits) forget() {
	if len(ls.done) <= len(ls.limits)+mostGone {
		return
	}
	ls.done = make(map[Place]*totals, len(ls.limits))
	for _, l := range ls.limits {
		ls.done[l.Place] = l.done
	}
}

// keyed returns how many limits of a plan count requests by a key.
func keyed(p *plan.Plan) (n int) {
	count := func(l plan.RateLimit) {
		if l.By.By != match.KeyNone {
			n++
		}
	}
	count(p.RateLimit)
	for _, g := range p.Groups {
		count(g.RateLimit)
		for i := range g.Routes {
			count(g.Routes[i].RateLimit)
		}
	}
	return n
}

// All returns the limits that were published last: that of LdConfig, and then
// those of each group and its rules.
func (ls *Limits) All() []*Limit {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.limits
}

// Applying are the limits that apply to a request. Each of them can be nil.
type Applying [3]*Limit

// Of returns the limits that apply to a request for a group of the plan that one
// of its routes takes. Either can be nil.
func (s *Set) Of(g *plan.Group, r *plan.Route) Applying {
	out := Applying{s.all}
	if g != nil {
		out[1] = s.groups[g]
	}
	if r != nil && len(s.rules) > 0 {
		out[2] = s.rules[r]
	}
	return out
}

// RetryAfter returns the whole seconds after which a client that must wait
// should send its request again.
func RetryAfter(wait time.Duration) int64 {
	return int64((wait + time.Second - 1) / time.Second)
}
