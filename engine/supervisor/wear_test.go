package supervisor

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// serve makes a pool answer n requests.
func (r *rig) serve(name string, n int) {
	r.t.Helper()
	for range n {
		r.claim(name).Release()
	}
}

func TestRecycle_ByRequests(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", func(p *plan.Group) { p.MaxRequests = 10 })))
		r.serve("a", 18) // 9 for each
		pass(10 * time.Second)
		assert.Equal(t, 2, r.fakes.started())

		r.serve("a", 2)
		for range 100 {
			pass(50 * time.Millisecond)
			require.Equal(t, 2, r.pub.pools["a"].Ready(), "replacement first")
			require.LessOrEqual(t, len(r.fakes.alive("a")), 3, "one at a time")
		}
		assert.Equal(t, 4, r.fakes.started())
		assert.False(t, r.fakes.all[0].alive())
		assert.False(t, r.fakes.all[1].alive())
		assert.Equal(t, []string{"0", "1"}, sorted(indexes(r.fakes.alive("a"))))
		assert.Contains(t, r.log.String(), `msg="worker recycled" group=a worker=0`)
		assert.NotContains(t, r.log.String(), "crashed")
	})
}

func TestRecycle_DrainsTheOld(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1), func(p *plan.Group) { p.MaxRequests = 1 })))
		old, c := r.fakes.last(), r.claim("a")
		pass(5 * time.Second)
		assert.Equal(t, 2, r.fakes.started())
		assert.True(t, old.alive())
		c.Release()
		pass(0)
		assert.False(t, old.alive())
	})
}

func TestRecycle_ByLifetime(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		spread := 0.0
		r.sup.spread = func() float64 { spread += 0.25; return spread }
		r.mustApply(aPlan(aGroup("a", func(p *plan.Group) { p.MaxLifetime = 100 * time.Minute })))
		pass(94 * time.Minute)
		assert.Equal(t, 2, r.fakes.started())
		pass(2 * time.Minute)
		assert.Equal(t, 3, r.fakes.started(), "half of a tenth sooner")
		pass(3 * time.Minute)
		assert.Equal(t, 4, r.fakes.started(), "a quarter of it")
	})
}

func TestRecycle_ByMemory(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1), func(p *plan.Group) { p.MaxRSS = 1 << 30 })))
		r.fakes.grow(r.fakes.last(), 1<<30-1)
		pass(10 * time.Minute)
		assert.Equal(t, 1, r.fakes.started())
		r.fakes.grow(r.fakes.last(), 1<<30)
		pass(3 * time.Second)
		assert.Equal(t, 2, r.fakes.started())
		assert.Contains(t, r.log.String(), `reason="1024 MiB resident (max_rss)"`)
		assert.NotContains(t, r.log.String(), "too low")
	})
}

func TestRecycle_LimitThatEveryWorkerExceeds(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.fakes.onStart(func(p *fakeProcess) error {
			if r.fakes.rss == nil {
				r.fakes.rss = make(map[int]int64)
			}
			r.fakes.rss[p.pid] = 2 << 30
			return nil
		})
		r.mustApply(aPlan(aGroup("a", instances(1), func(p *plan.Group) { p.MaxRSS = 1 << 30 })))
		pass(time.Hour)
		assert.Less(t, r.fakes.started(), 80, "about one a minute")
		assert.Contains(t, r.log.String(), "max_rss soon after its start")
		assert.Equal(t, 1, r.pub.pools["a"].Ready())
	})
}

func TestRecycle_FailedReplacementLeavesTheOld(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1), func(p *plan.Group) { p.MaxRequests = 1 })))
		old := r.fakes.last()
		tries := 0
		r.fakes.onStart(func(*fakeProcess) error { tries++; return errors.New("no memory") })
		r.serve("a", 1)
		pass(time.Minute)
		assert.True(t, old.alive())
		assert.Equal(t, 1, r.pub.pools["a"].Ready())
		assert.Equal(t, 5, tries, "after 2, 4, 8, 16 and 32 seconds")
		assert.Contains(t, r.log.String(), `msg="replacement failed, the old worker stays" group=a worker=0 retry_in=2s err="no memory"`)
		assert.NotContains(t, r.log.String(), "worker failed")

		r.fakes.onStart(nil)
		pass(2 * time.Minute)
		assert.False(t, old.alive())
	})
}

func TestRecycle_OldCrashesMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1), func(p *plan.Group) { p.MaxRequests = 1 })))
		r.fakes.onStart(func(p *fakeProcess) error { p.readyAfter = 10 * time.Second; return nil })
		r.serve("a", 1)
		pass(3 * time.Second)
		r.fakes.all[0].kill()
		pass(10 * time.Second)
		assert.Equal(t, 2, r.fakes.started(), "the replacement takes its place")
		assert.Equal(t, 1, r.pub.pools["a"].Ready())
	})
}

func TestRecycle_AReloadMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*plan.Group)
		want    []string
		started int
	}{
		"replaces":         {func(*plan.Group) {}, []string{"0", "1"}, 5},
		"keeps":            {kept, []string{"0", "1"}, 3},
		"resizes, without": {func(p *plan.Group) { kept(p); p.Instances = 1 }, []string{"0"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				worn := func(p *plan.Group) { p.MaxRequests = 2 }
				r.mustApply(aPlan(aGroup("a", worn)))
				r.fakes.onStart(func(p *fakeProcess) error { p.readyAfter = 10 * time.Second; return nil })
				first := r.claim("a")
				for first.Worker().Index != 1 { // worker 1 is the worn one
					first.Release()
					first = r.claim("a")
				}
				first.Release()
				r.serve("a", 1)
				pass(2 * time.Second)
				require.GreaterOrEqual(t, r.fakes.started(), 3)
				r.fakes.onStart(nil)
				r.mustApply(aPlan(aGroup("a", func(p *plan.Group) { p.MaxRequests = 0 }, c.change)))
				pass(20 * time.Second)
				assert.Equal(t, c.want, sorted(indexes(r.fakes.alive("a"))))
				assert.Equal(t, len(c.want), r.pub.pools["a"].Ready())
				assert.Equal(t, c.started, r.fakes.started())
			})
		})
	}
}

func TestWorn(t *testing.T) {
	m := &member{group: &group{}, spread: 0.99}
	spec := &plan.Group{MaxRequests: 100, MaxRequestsJitter: 10}
	assert.Empty(t, m.worn(spec, 1, 109, 0).reason)
	assert.Equal(t, "110 requests (max_requests)", m.worn(spec, 1, 110, 0).reason)
	m.spread = 0
	assert.NotEmpty(t, m.worn(spec, 1, 100, 0).reason)
	assert.Empty(t, m.worn(&plan.Group{}, 1, 1<<40, 1<<60).reason, "no limit")
}

func TestDrainTimeout(t *testing.T) {
	for name, c := range map[string]struct {
		ws   bool
		want time.Duration
	}{"requests are cut": {false, 5 * time.Second}, "websockets keep their grace": {true, 7 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				limited := func(p *plan.Group) { p.Instances, p.DrainTimeout, p.WebsocketGrace = 1, 5*time.Second, 7*time.Second }
				r.mustApply(aPlan(aGroup("a", limited)))
				old := r.fakes.last()
				r.claim("a")
				if c.ws {
					r.claim("a").ToTunnel()
				}
				r.mustApply(aPlan(aGroup("a", limited)))
				swapped := time.Now()
				<-old.exited
				assert.Equal(t, c.want, time.Since(swapped))
				synctest.Wait()
				assert.Contains(t, r.log.String(), `msg="drain_timeout expired"`)
			})
		})
	}
}
