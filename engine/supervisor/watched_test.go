package supervisor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestWatched_Drain checks that a replaced worker has a second for its requests and
// its websockets while files are watched.
func TestWatched_Drain(t *testing.T) {
	for name, limit := range map[string]time.Duration{"none": 0, "longer": time.Minute, "shorter": 500 * time.Millisecond} { // the websocket has the second
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.sup.opts.Watched = true
				p := aPlan(aGroup("a", instances(1), func(p *plan.Group) { p.DrainTimeout = limit }))
				r.mustApply(p)
				old := r.fakes.last()
				r.claim("a")
				r.claim("a").ToTunnel()
				r.mustApply(p)
				pass(watchedDrain - time.Millisecond)
				assert.True(t, old.alive())
				pass(2 * time.Millisecond)
				assert.False(t, old.alive())
				assert.NotContains(t, r.log.String(), "level=WARN")
			})
		})
	}
}

// TestWatched_PlanInEffect checks that an apply without a plan replaces only what
// it is asked to, and changes nothing else, not even what was scaled.
func TestWatched_PlanInEffect(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a"), aGroup("b", func(p *plan.Group) { p.ReloadOnSighup = false })))
		require.NoError(t, r.sup.Scale(t.Context(), "b", 3))
		started := r.fakes.started()
		result, err := r.sup.Apply(t.Context(), nil, ApplyOptions{Diff: plan.DiffOptions{Watched: true, Replace: map[string]bool{"b": true}}})
		require.NoError(t, err)
		assert.Equal(t, 2, result.Generation)
		pass(0)
		assert.Equal(t, started+3, r.fakes.started())
		assert.Len(t, r.fakes.alive("b"), 3)
	})
}

// TestWatched_StaysPinned checks that an apply without a plan leaves a group pinned,
// whether it replaces the workers of the group or not, until a plan says otherwise.
func TestWatched_StaysPinned(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		other := func(p *plan.Group) { p.App = "other:app" }
		pinned := func() []string { return r.sup.Status().Groups[0].Pinned }
		r.mustApply(aPlan(aGroup("a", kept), aGroup("b")))
		r.mustApply(aPlan(aGroup("a", kept, other), aGroup("b")))
		assert.Equal(t, []string{"app"}, pinned())
		for _, group := range []string{"b", "a"} {
			_, err := r.sup.Apply(t.Context(), nil, ApplyOptions{Diff: plan.DiffOptions{Watched: true, Replace: map[string]bool{group: true}}})
			require.NoError(t, err)
			assert.Equal(t, []string{"app"}, pinned())
		}
		assert.Equal(t, "main:app", r.fakes.last().spec.App)
		_, err := r.sup.Apply(t.Context(), aPlan(aGroup("a", kept, other), aGroup("b")), ApplyOptions{Diff: plan.ReplaceOptions([]string{"a"}, false)})
		require.NoError(t, err)
		assert.Empty(t, pinned())
	})
}

// TestWatched_AllFailed checks that the supervisor goes on when every group has
// failed, so that a save can repair them.
func TestWatched_AllFailed(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.sup.opts.Watched = true
		p := aPlan(aGroup("a", instances(1), func(p *plan.Group) { p.MaxRestartsOnCrash = 0 }))
		r.mustApply(p)
		r.fakes.last().kill()
		pass(time.Minute)
		assert.Contains(t, r.log.String(), `msg="worker failed"`)
		r.mustApply(p)
		assert.Len(t, r.fakes.alive("a"), 1)
	})
}
