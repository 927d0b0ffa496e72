package supervisor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestSuccession_Events: what happens to a succession and its old worker after
// each order of events.
func TestSuccession_Events(t *testing.T) {
	old := new(member)
	lose := func(sc *succession) { sc.lose() }
	unhealthy := func(sc *succession) { sc.old = old } // it was dismissed, and can finish its requests
	conclude := func(sc *succession) { sc.conclude() }
	relieve := func(sc *succession) { _ = sc.relieved() }
	for name, c := range map[string]struct {
		from    phase
		old     *member
		events  []func(*succession)
		want    phase
		relieve *member // the worker that ends when the start of next does
	}{
		"replacement starts":                     {beside, old, nil, beside, nil},
		"replacement is ready, or dropped":       {beside, old, []func(*succession){conclude}, over, nil},
		"replaced one crashes":                   {beside, old, []func(*succession){lose}, alone, nil},
		"replaced one is unhealthy":              {beside, old, []func(*succession){lose, unhealthy}, alone, old},
		"and the next is ready":                  {beside, old, []func(*succession){lose, unhealthy, conclude}, over, old},
		"and told again":                         {beside, old, []func(*succession){lose, unhealthy, conclude, relieve}, over, nil},
		"and the next fails, another comes":      {beside, old, []func(*succession){lose, unhealthy, relieve}, alone, nil},
		"crash":                                  {alone, nil, nil, alone, nil},
		"crash, and ready again":                 {alone, nil, []func(*succession){conclude}, over, nil},
		"unhealthy":                              {alone, nil, []func(*succession){unhealthy}, alone, old},
		"unhealthy, and a plan takes the seat":   {alone, nil, []func(*succession){unhealthy, conclude}, over, old},
		"a plan's, whatever it waits for":        {prepared, nil, nil, prepared, nil},
		"a plan's, in service or not wanted now": {prepared, nil, []func(*succession){conclude}, over, nil},
	} {
		t.Run(name, func(t *testing.T) {
			sc := &succession{phase: c.from, old: c.old}
			for _, event := range c.events {
				event(sc)
			}
			assert.Equal(t, c.want, sc.phase)
			assert.Same(t, c.relieve, sc.relieved())
			if c.want == beside {
				assert.Same(t, old, sc.old, "it serves on")
			}
		})
	}
}

// TestSuccession_Again: what a failed start leads to, depending on its batch.
func TestSuccession_Again(t *testing.T) {
	broken := errors.New("broken")
	type batched struct {
		batch  batch
		others []*succession
	}
	starting := func() *succession { return &succession{next: &member{state: api.StateStarting}} }
	for name, c := range map[string]struct {
		batch    batched
		startup  time.Duration
		restarts int
		failures int
		delay    time.Duration // of the last start
		err      string        // "" if the start is repeated, or nobody is notified
		ok       bool
	}{
		"alone, nothing else is up":       {batched{}, 0, 3, 1, 0, "broken", false},
		"others of the group are up":      {batched{batch: batch{company: true}}, 0, 3, 1, 0, "", true},
		"another has not failed yet":      {batched{others: []*succession{starting()}}, 0, 3, 1, 0, "", true},
		"the second try waits":            {batched{batch: batch{company: true}}, 0, 3, 2, 2 * time.Second, "", true},
		"the last try":                    {batched{batch: batch{company: true}}, 0, 3, 4, 0, "broken; try 4 of 4 (max_restarts_on_crash)", false},
		"none is repeated":                {batched{batch: batch{company: true}}, 0, 0, 1, 0, "broken", false},
		"no time is left":                 {batched{batch: batch{company: true}}, time.Second, 3, 2, 0, "broken; try 2, no time is left for another (startup_timeout)", false},
		"nobody waits":                    {batched{batch: batch{company: true, over: true}}, 0, 3, 1, 0, "", false},
		"another has been given up":       {batched{batch: batch{company: true, err: &StartError{Err: errors.New("other")}}}, 0, 3, 1, 0, "other", false},
		"all have failed, one for them":   {batched{others: []*succession{{next: &member{}, failed: []*StartError{{}}}}}, 0, 3, 1, 0, "broken", false},
		"the same, and time for each try": {batched{batch: batch{company: true}}, time.Minute, 3, 3, 4 * time.Second, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				news := make(chan struct{}, 1)
				b := &c.batch.batch
				b.news = news
				spec := aGroup("a", func(p *plan.Group) { p.MaxRestartsOnCrash = c.restarts })
				sc := &succession{target: target{spec: spec, startup: c.startup}, next: &member{state: api.StateStarting}, batch: b}
				b.successions = append(c.batch.others, sc)
				var delay time.Duration
				var ok bool
				for range c.failures {
					delay, _, ok = sc.again(&StartError{Group: "a", Err: broken}, func(d time.Duration) time.Duration { return d })
				}
				assert.Equal(t, c.ok, ok)
				assert.Equal(t, c.delay, delay)
				assert.Len(t, sc.failed, c.failures)
				assert.Len(t, news, 1, "whoever waits looks")
				if c.err == "" {
					assert.Nil(t, b.err)
				} else if assert.NotNil(t, b.err) {
					assert.EqualError(t, b.err.Err, c.err)
				}
			})
		})
	}
}

// TestSuccession_OfTheSeat: a seat owns at most one succession, which exists
// for as long as the next worker is starting; a plan's succession is not the
// seat's.
func TestSuccession_OfTheSeat(t *testing.T) {
	const starting = 500 * time.Millisecond // a fake is ready after a second
	for name, c := range map[string]struct {
		begin func(r *rig)
		want  phase
		why   api.RestartReason
		none  bool
	}{
		"crash":   {begin: func(r *rig) { r.fakes.find(0, "main:app").kill() }, want: alone, why: api.RestartCrash},
		"restart": {begin: func(r *rig) { go func() { _ = r.sup.Restart(context.Background(), "a") }() }, want: beside, why: api.RestartCommand},
		"crash of a replaced one": {begin: func(r *rig) {
			go func() { _ = r.sup.Restart(context.Background(), "a") }()
			synctest.Wait()
			r.fakes.all[0].kill()
		}, want: alone, why: api.RestartCommand},
		"reload":      {begin: func(r *rig) { go r.mustApply(aPlan(aGroup("a"))) }, none: true},
		"some a time": {begin: func(r *rig) { go r.mustApply(surging(1, aGroup("a"))) }, none: true},
		"crash in a reload": {begin: func(r *rig) {
			go r.mustApply(aPlan(aGroup("a")))
			synctest.Wait()
			r.fakes.find(0, "main:app").kill()
		}, want: alone, why: api.RestartCrash},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.mustApply(aPlan(aGroup("a", instances(1))))
				c.begin(r)
				pass(starting)
				g, err := r.sup.group("a")
				require.NoError(t, err)
				g.do(func() {
					s := g.seats[0]
					if c.none {
						assert.Nil(t, s.succession)
						return
					}
					if sc := s.succession; assert.NotNil(t, sc) {
						assert.Equal(t, c.want, sc.phase)
						assert.Equal(t, c.why, sc.why)
						assert.Same(t, sc, sc.next.succession)
						assert.Equal(t, c.want == beside, s.current == sc.old)
						assert.Equal(t, c.want == alone, s.current == sc.next)
					}
				})
				pass(time.Minute)
				g.do(func() {
					for _, s := range g.seats {
						assert.Nil(t, s.succession, "all is done")
						assert.Nil(t, s.current.succession)
					}
				})
			})
		})
	}
}
