package supervisor

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
)

func checked(p *plan.Group) { p.HealthPath = "/healthz" }

var errSick = errors.New("got status 503, want 2xx")

func sick(context.Context, string) error { return errSick }

func TestHealth_ReadyOnlyWhenHealthy(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		begun := time.Now()
		r.fakes.onStart(func(p *fakeProcess) error {
			p.health = func(_ context.Context, path string) error {
				assert.Equal(t, "/healthz", path)
				if time.Since(begun) < 20*time.Second {
					return errSick
				}
				return nil
			}
			return nil
		})
		r.mustApply(aPlan(aGroup("a", checked)))
		assert.GreaterOrEqual(t, time.Since(begun), 20*time.Second, "a slow start is no hang")
		assert.Equal(t, 2, r.fakes.started())
	})
}

// TestHealth_NoDescriptor: a check for which the master has no descriptor does not count
// against the worker, and those that the worker fails do.
func TestHealth_NoDescriptor(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", checked, instances(1))))
		old := r.fakes.last()
		old.fall(func(context.Context, string) error {
			return &worker.CheckError{Path: "/healthz", Err: &net.OpError{Op: "dial", Err: os.NewSyscallError("socket", syscall.EMFILE)}}
		})
		pass(time.Hour)
		assert.Equal(t, 1, r.fakes.started())
		assert.Equal(t, 1, strings.Count(r.log.String(), "no descriptor for a health check, not counted"))
		old.fall(sick)
		pass(time.Hour)
		assert.Equal(t, 2, r.fakes.started())
	})
}

func TestHealth_AnswerOfAStartMayTakeLong(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.fakes.onStart(func(p *fakeProcess) error {
			first := true
			p.health = func(context.Context, string) error {
				if first {
					first = false
					<-time.After(15 * time.Second) // loads what it needs
				}
				return nil
			}
			return nil
		})
		r.mustApply(aPlan(aGroup("a", checked, instances(1))))
	})
}

func TestHealth_NeverHealthy(t *testing.T) {
	for name, c := range map[string]struct {
		health func(context.Context, string) error
		dies   bool
		want   string
	}{
		"sick":  {sick, false, `group "a": worker 0: not ready within 30s (startup_timeout): got status 503, want 2xx`},
		"hangs": {hang, false, `group "a": worker 0: not ready within 30s (startup_timeout)`},
		"dies":  {hang, true, `group "a": worker 0: killed by signal 9 (SIGKILL): out of memory?`},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.fakes.onStart(func(p *fakeProcess) error {
					p.health = c.health
					if c.dies {
						time.AfterFunc(5*time.Second, p.kill)
					}
					return nil
				})
				_, err := r.apply(aPlan(aGroup("a", checked, instances(1))))
				var start *StartError
				require.ErrorAs(t, err, &start)
				assert.Equal(t, c.want, start.Summary())
			})
		})
	}
}

// TestHealth_FailedStartIsTold: the log says why a starting worker is not ready
// at the first check that fails, and after that only when the reason changes.
func TestHealth_FailedStartIsTold(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.fakes.onStart(func(p *fakeProcess) error {
			asked := 0
			p.health = func(context.Context, string) error {
				asked++
				switch {
				case asked <= 5:
					to := strconv.Itoa(asked) // a different place each time is still the same reason
					return &worker.CheckError{Path: "/healthz", Status: 307, Err: errors.New("got status 307 to " + to), Sent: []string{"Host: a"}}
				case asked <= 10:
					return &worker.CheckError{Path: "/healthz", Err: errors.New("connection refused")}
				case asked == 11:
					<-time.After(10 * time.Second)
				}
				return nil
			}
			return nil
		})
		r.mustApply(aPlan(aGroup("a", checked, instances(1))))
		log := r.log.String()
		assert.Equal(t, 2, strings.Count(log, `level=WARN msg="health check failed" group=a worker=0`), log)
		assert.Contains(t, log, `err="GET /healthz: got status 307 to 1"`)
		assert.Contains(t, log, `err="GET /healthz: connection refused"`)
		assert.Equal(t, 1, strings.Count(log, `msg="health check has no answer yet" group=a worker=0 path=/healthz waited=2s`), log)
	})
}

func TestHealth_HungWorkerIsReplaced(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.fakes.onStart(func(p *fakeProcess) error { p.stubborn = true; return nil })
		r.mustApply(aPlan(aGroup("a", checked)))
		old := r.fakes.all[0]
		pass(12 * time.Second)
		assert.Equal(t, 2, r.fakes.started(), "healthy workers are left alone")

		for range 2 {
			r.claim("a") // its answer never comes
		}
		old.fall(hang)
		hung := time.Now()
		for r.fakes.started() == 2 {
			pass(10 * time.Millisecond)
		}
		assert.LessOrEqual(t, time.Since(hung), 3*plan.DefaultHealthTimeout+2*time.Second)
		assert.Equal(t, 1, r.pub.pools["a"].Ready(), "it gets nothing from then on")
		assert.True(t, old.alive(), "what it can still finish, it may")
		assert.Equal(t, old.index, r.fakes.last().index)
		pass(time.Second)
		assert.Equal(t, 2, r.pub.pools["a"].Ready())
		asked := time.Now()
		<-old.exited
		assert.InDelta(t, 10*time.Second, time.Since(asked), float64(10*time.Millisecond), "killed after stop_timeout")
		synctest.Wait()
		assert.Contains(t, r.log.String(), `msg="worker unhealthy" group=a worker=`)
		assert.Equal(t, api.Restarts{api.RestartUnhealthy: 1}, r.sup.Groups()[0].Restarts[old.index])
		assert.Contains(t, r.log.String(), "unhealthy: 3 failed checks in a row: no answer within 2s (health_timeout)")
	})
}

// TestHealth_HungWorkerIsFoundInTime: no matter when between two checks a
// worker begins to hang, and how long ago its last answer was.
func TestHealth_HungWorkerIsFoundInTime(t *testing.T) {
	for _, after := range []time.Duration{5001, 5400, 6100, 6900, 7300, 9700} {
		bubble(t, func(t *testing.T, r *rig) {
			r.fakes.onStart(func(p *fakeProcess) error { p.stubborn = true; return nil })
			r.mustApply(aPlan(aGroup("a", checked, instances(1))))
			c := r.claim("a")
			for range 10 { // others come and go
				pass(after * time.Millisecond / 10)
				r.claim("a").Release()
			}
			r.fakes.last().fall(hang)
			hung := time.Now()
			for r.fakes.started() == 1 {
				pass(10 * time.Millisecond)
			}
			assert.LessOrEqual(t, time.Since(hung), 3*plan.DefaultHealthTimeout+700*time.Millisecond, "after %d ms", after)
			c.Release()
		})
	}
}

// TestHealth_SickWorkerHasItsTime: a worker that answers checks promptly but
// with an error gets health_timeout between two checks, even if it has a slow
// request in hand: whatever it lacks may be back by then.
func TestHealth_SickWorkerHasItsTime(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", checked, instances(1))))
		c := r.claim("a")
		pass(12 * time.Second)
		r.fakes.last().fall(sick)
		fell := time.Now()
		for r.fakes.started() == 1 {
			pass(10 * time.Millisecond)
		}
		assert.GreaterOrEqual(t, time.Since(fell), 2*plan.DefaultHealthTimeout)
		c.Release()
	})
}

func TestHealth_IdleHungWorkerIsFoundByTheInterval(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", checked, instances(1))))
		r.fakes.last().fall(hang)
		hung := time.Now()
		for r.fakes.started() == 1 {
			pass(10 * time.Millisecond)
		}
		assert.LessOrEqual(t, time.Since(hung), plan.DefaultHealthInterval+3*plan.DefaultHealthTimeout+time.Second)
	})
}

func TestHealth_SomeFailuresAreForgiven(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", checked, instances(1))))
		n := 0
		r.fakes.last().fall(func(context.Context, string) error {
			if n++; n%3 == 0 {
				return nil
			}
			return errSick
		})
		pass(10 * time.Minute)
		assert.Equal(t, 1, r.fakes.started())
		assert.Greater(t, n, 100)
	})
}

func TestHealth_RequestsEndBeforeTheWorkerDoes(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", checked, instances(1))))
		old, c := r.fakes.last(), r.claim("a")
		old.fall(sick)
		r.fakes.onStart(func(p *fakeProcess) error { p.readyAfter = 20 * time.Second; return nil })
		pass(15 * time.Second)
		assert.Equal(t, 2, r.fakes.started())
		assert.True(t, old.alive(), "its request goes on while the other starts")
		c.Release()
		pass(0)
		assert.False(t, old.alive(), "nothing to wait for")
		pass(20 * time.Second)
		assert.Equal(t, 1, r.pub.pools["a"].Ready())
	})
}

func TestHealth_AlwaysUnhealthyIsAFailure(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.fakes.onStart(func(p *fakeProcess) error {
			first := true
			p.health = func(context.Context, string) error {
				if first {
					first = false
					return nil
				}
				return errSick
			}
			return nil
		})
		r.mustApply(aPlan(aGroup("a", checked, instances(1)), aGroup("b", instances(1))))
		pass(time.Hour)
		assert.Contains(t, r.log.String(), `msg="worker failed" group=a worker=0`)
		assert.Empty(t, r.fakes.alive("a"))
		assert.Equal(t, 5, r.fakes.started(), "the first, three restarts, and b")
	})
}

func TestHealth_NewPathOfAKeptWorker(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", kept, instances(1))))
		r.fakes.last().fall(func(_ context.Context, path string) error { return errSick })
		r.mustApply(aPlan(aGroup("a", kept, checked, instances(1))))
		pass(time.Hour)
		assert.Equal(t, 1, r.fakes.started(), "a path that it never knew is nothing against it")
		assert.Contains(t, r.log.String(), "health_path does not work on a kept worker")

		r.fakes.last().fall(nil)
		pass(6 * time.Second)
		r.fakes.last().fall(sick)
		pass(20 * time.Second)
		assert.Equal(t, 2, r.fakes.started(), "but once it has, it counts")
	})
}

func TestHealth_EndsWithAReload(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", kept, checked, instances(1))))
		r.mustApply(aPlan(aGroup("a", kept, instances(1))))
		r.fakes.last().fall(hang)
		pass(time.Hour)
		synctest.Wait()
		assert.Equal(t, 1, r.fakes.started())
	})
}
