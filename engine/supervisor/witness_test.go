package supervisor

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// A witnessed is a Witness that notes what it learns, by the pid of the worker.
type witnessed struct {
	stopping func(ctx context.Context) // what Stopping does; nil means nothing

	mu   sync.Mutex // guards told
	told map[int][]string
}

func (w *witnessed) note(of *pool.Worker, what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.told == nil {
		w.told = make(map[int][]string)
	}
	w.told[of.PID] = append(w.told[of.PID], what)
}

func (w *witnessed) of(p *fakeProcess) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.told[p.pid]...)
}

func (w *witnessed) Entered(group string, of *pool.Worker) { w.note(of, "entered "+group) }
func (w *witnessed) Retired(of *pool.Worker)               { w.note(of, "retired") }
func (w *witnessed) Ended(of *pool.Worker)                 { w.note(of, "ended") }

func (w *witnessed) Stopping(ctx context.Context, of *pool.Worker) {
	w.note(of, "stopping")
	if w.stopping != nil {
		w.stopping(ctx)
	}
}

// watchedBy is bubble with a witness.
func watchedBy(t *testing.T, f func(t *testing.T, r *rig, w *witnessed)) {
	bubble(t, func(t *testing.T, r *rig) {
		w := new(witnessed)
		r.sup.opts.Witness = w
		f(t, r, w)
	})
}

// TestWitness_Reload checks that a witness learns of each step of a worker that is
// replaced, in order, and of its end only when its requests have ended.
func TestWitness_Reload(t *testing.T) {
	watchedBy(t, func(t *testing.T, r *rig, w *witnessed) {
		r.mustApply(aPlan(aGroup("a", instances(1))))
		pass(0)
		old, c := r.fakes.last(), r.claim("a")
		assert.Equal(t, []string{"entered a"}, w.of(old))
		r.mustApply(aPlan(aGroup("a", instances(1))))
		pass(time.Minute)
		next := r.fakes.last()
		require.NotSame(t, old, next)
		assert.Equal(t, []string{"entered a", "retired"}, w.of(old), "it has a request")
		assert.Equal(t, []string{"entered a"}, w.of(next))
		c.Release()
		pass(0)
		assert.Equal(t, []string{"entered a", "retired", "stopping", "ended"}, w.of(old))
		r.stop()
		<-r.sup.ended
		told := w.of(next)
		assert.Equal(t, "entered a", told[0])
		assert.Equal(t, "ended", told[len(told)-1])
	})
}

// TestWitness_Crash checks that a worker that ends on its own is neither retired nor
// stopped.
func TestWitness_Crash(t *testing.T) {
	watchedBy(t, func(t *testing.T, r *rig, w *witnessed) {
		r.mustApply(aPlan(aGroup("a", instances(1))))
		pass(0)
		old := r.fakes.last()
		old.kill()
		pass(time.Minute)
		assert.Equal(t, []string{"entered a", "ended"}, w.of(old))
		assert.Equal(t, []string{"entered a"}, w.of(r.fakes.last()), "the next one in its seat")
	})
}

// TestWitness_NeverReady checks that a worker that is not ready in time never enters.
func TestWitness_NeverReady(t *testing.T) {
	watchedBy(t, func(t *testing.T, r *rig, w *witnessed) {
		r.mustApply(aPlan(aGroup("a", instances(1))))
		pass(0)
		old := r.fakes.last()
		r.fakes.onStart(func(p *fakeProcess) error {
			p.readyAfter = -1
			return nil
		})
		_, err := r.apply(aPlan(aGroup("a", instances(1))))
		require.Error(t, err)
		pass(time.Minute)
		assert.Equal(t, []string{"entered a"}, w.of(old), "it stays")
		assert.NotSame(t, old, r.fakes.last())
		assert.NotContains(t, w.of(r.fakes.last()), "entered a")
		assert.NotContains(t, w.of(r.fakes.last()), "retired")
	})
}

// TestWitness_SlowStopping checks that a witness cannot keep a worker for longer than
// lastQuestion, and not at all if the worker ends meanwhile or a person is in a hurry.
func TestWitness_SlowStopping(t *testing.T) {
	for what, tt := range map[string]struct {
		meanwhile func(r *rig, old *fakeProcess)
		most      time.Duration
	}{
		"patience":  {func(*rig, *fakeProcess) {}, lastQuestion},
		"it ends":   {func(_ *rig, old *fakeProcess) { old.end(worker.Exit{}) }, 0},
		"no time":   {func(r *rig, _ *fakeProcess) { close(r.hurry) }, 0},
		"at an end": {func(r *rig, _ *fakeProcess) { r.stop() }, lastQuestion},
	} {
		t.Run(what, func(t *testing.T) {
			watchedBy(t, func(t *testing.T, r *rig, w *witnessed) {
				asked := make(chan struct{}, 1)
				w.stopping = func(ctx context.Context) {
					select {
					case asked <- struct{}{}:
					default:
					}
					<-ctx.Done()
				}
				r.mustApply(aPlan(aGroup("a", instances(1))))
				old := r.fakes.last()
				r.mustApply(aPlan(aGroup("a", instances(1))))
				<-asked
				begun := time.Now()
				tt.meanwhile(r, old)
				<-old.exited
				assert.LessOrEqual(t, time.Since(begun), tt.most)
				pass(0)
				told := w.of(old)
				assert.Equal(t, []string{"stopping", "ended"}, told[len(told)-2:])
			})
		})
	}
}
