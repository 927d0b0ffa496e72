package supervisor

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestRestarts: each reason is counted for its index, for as long as the group
// has that index, and across reloads, which do not count.
func TestRestarts(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		p := aPlan(aGroup("a", instances(2), func(p *plan.Group) { p.MaxRequests = 5 }))
		r.mustApply(p)
		counts := func() []api.Restarts {
			groups := r.sup.Groups()
			require.Len(t, groups, 1)
			return groups[0].Restarts
		}
		assert.Equal(t, []api.Restarts{nil, nil}, counts())

		r.fakes.all[1].kill()
		pass(time.Second)
		lost := r.fakes.all[1].index
		assert.Equal(t, 1, counts()[lost][api.RestartCrash])
		assert.Empty(t, counts()[1-lost])

		r.serve("a", 10)
		pass(10 * time.Second)
		assert.Equal(t, []int{1, 1}, []int{counts()[0][api.RestartMaxRequests], counts()[1][api.RestartMaxRequests]})

		require.NoError(t, r.sup.Restart(t.Context(), "a"))
		assert.Equal(t, []int{1, 1}, []int{counts()[0][api.RestartCommand], counts()[1][api.RestartCommand]})

		r.mustApply(p) // replaces both
		want := api.Restarts{api.RestartMaxRequests: 1, api.RestartCommand: 1}
		assert.Equal(t, want, counts()[1-lost])
		want[api.RestartCrash] = 1
		assert.Equal(t, want, counts()[lost])

		r.mustApply(aPlan(aGroup("a", instances(1))))
		assert.Len(t, counts(), 1)
		r.mustApply(aPlan(aGroup("b", instances(1))))
		pass(time.Minute)
		assert.Equal(t, []api.Restarts{nil}, counts())

		r.mustApply(p) // a comes back
		pass(time.Minute)
		assert.Equal(t, want, counts()[lost])
	})
}

// TestRestarts_InVain: a start that fails counts under its own reason, and so
// does the last one, which has no successor.
func TestRestarts_InVain(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1), func(p *plan.Group) { p.MaxRestartsOnCrash = 2 }), aGroup("b", instances(1))))
		r.fakes.onStart(func(*fakeProcess) error { return errors.New("broken") })
		for _, p := range r.fakes.all {
			if p.spec.Name == "a" {
				p.kill()
			}
		}
		pass(time.Hour)
		a := r.sup.Groups()[0]
		assert.True(t, a.Failed)
		assert.Equal(t, []api.Restarts{{api.RestartCrash: 1, api.RestartStart: 2}}, a.Restarts)
	})
}
