package supervisor

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// A waiter is the task of a client that waits until it is its turn.
type waiter struct {
	netloop.Task
	woken chan struct{}
}

func (waiter) Now() netloop.Time         { return netloop.Now() }
func (w waiter) Park(netloop.Time) error { <-w.woken; return nil }
func (w waiter) Wake()                   { close(w.woken) }

// A leaver is the task of a client that leaves before it is its turn, after a
// millisecond of the bubble's clock.
type leaver struct{ netloop.Task }

func (leaver) Now() netloop.Time       { return netloop.Now() }
func (leaver) Park(netloop.Time) error { time.Sleep(time.Millisecond); return netloop.ErrGone }
func (leaver) Wake()                   {}

// TestOverload: the log and the events tell when an overload begins and when it
// ends, and not more often than the pause allows.
func TestOverload(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1), func(g *plan.Group) { g.MaxReqPerWorker = 1 })))
		p := r.pub.pools["a"]
		held := new(pool.Claim)
		begin := func() {
			require.NoError(t, p.TryClaim(held, nil))
			for range 300 {
				next := new(pool.Claim)
				done := make(chan error)
				go func() { done <- p.Claim(waiter{woken: make(chan struct{})}, next, nil, 0) }()
				pass(0)
				require.ErrorIs(t, p.Claim(leaver{}, new(pool.Claim), nil, 0), netloop.ErrGone)
				held.Release()
				require.NoError(t, <-done)
				held = next
			}
			require.True(t, p.Stats().Overloaded)
		}
		end := func() {
			held.Release()
			for range 500 {
				c := new(pool.Claim)
				require.NoError(t, p.TryClaim(c, nil))
				c.Release()
			}
			require.False(t, p.Stats().Overloaded)
		}
		kinds := func() (out []api.EventKind) {
			for _, e := range r.sup.opts.Events.Newest(1000) {
				if e.Kind == api.EventOverloaded || e.Kind == api.EventRelieved {
					out = append(out, e.Kind)
				}
			}
			return out
		}
		begin()
		pass(0)
		assert.Equal(t, []api.EventKind{api.EventOverloaded}, kinds())
		assert.Regexp(t, `level=WARN msg="group is overloaded" group=a queued=[01] reason="requests leave the queue before a worker is free" `+
			`effect="the newest request gets a slot first"`, r.log.String())

		for range 10 { // it comes and goes
			end()
			pass(time.Second)
			begin()
			pass(time.Second)
		}
		assert.Len(t, kinds(), 1)
		held.Release()

		pass(2 * overloadPause) // no request comes, so that the pool sees no end
		assert.Equal(t, []api.EventKind{api.EventOverloaded, api.EventRelieved}, kinds())
		assert.Contains(t, r.log.String(), `msg="group is no longer overloaded" group=a queued=0 took=`)
		pass(time.Hour)
		assert.Equal(t, 2, strings.Count(r.log.String(), "overloaded"))
	})
}
