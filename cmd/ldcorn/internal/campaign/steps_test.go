//go:build linux

package campaign

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
	"github.com/ldcorn/ldcorn/engine/api"
)

// campaignState is what all parts of a campaign record.
type campaignState struct {
	over   atomic.Bool // the clients finish what they are doing
	number atomic.Int64
	paused atomic.Pointer[string] // the group whose clients must not leave now, except on purpose

	mu       sync.Mutex // guards all below
	began    map[string]int64
	outcomes []outcome
	kills    []disruption
	moves    []disruption // the ones that close websockets
	caps     []capSpan    // of moving
	vanished []string     // ids of requests that left a held queue
}

// A span is a period of time, in ns of the monotonic clock.
type span struct{ from, to int64 }

const never = math.MaxInt64

func (s span) meets(o span) bool { return s.from <= o.to && o.from <= s.to }

// A disruption is the period in which something was done to the workers of a
// group.
type disruption struct {
	group string
	span
}

// A capSpan is the time in which a cap may have been in force: from the start
// of the reload that set it to the end of the reload that replaced it.
type capSpan struct {
	cap int
	span
}

// disturb does one thing after another to the master until the end, each at
// least once, and also kills workers.
func (c *campaign) disturb(end time.Time) {
	var over atomic.Bool
	var killer sync.WaitGroup
	killer.Go(func() {
		for rng := c.newRand("killer"); !over.Load(); {
			c.kill(rng)
		}
	})
	rng := c.newRand("steps")
	steps := []func(*rand.Rand){c.reload, c.hold, c.scale, c.reload, c.hold, c.restart}
	for first := true; first || time.Now().Before(end); first = false {
		rng.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
		for _, step := range steps {
			if first || time.Now().Before(end) {
				step(rng)
			}
		}
	}
	over.Store(true)
	killer.Wait()
}

func anyGroup(rng *rand.Rand) string { return []string{exact, moving, late, free}[rng.IntN(4)] }

// kill waits until some group is complete and kills one of its workers.
func (c *campaign) kill(rng *rand.Rand) {
	name := anyGroup(rng)
	var g *api.GroupStatus
	whole := harness.Until(func() bool {
		g = c.group(name)
		return c.ended() || g != nil && g.Ready >= g.Instances
	})
	if !whole || c.ended() {
		return // the end of the campaign will notice
	}
	var pids []int
	for _, w := range g.Workers {
		if w.State == api.StateReady || w.State == api.StateDraining {
			pids = append(pids, w.PID)
		}
	}
	if len(pids) == 0 {
		return
	}
	pid := pids[rng.IntN(len(pids))]
	i := c.begin(&c.kills, name)
	if syscall.Kill(pid, syscall.SIGKILL) == nil {
		harness.Until(func() bool { return !harness.Alive(pid) })
	}
	c.end(&c.kills, i)
	harness.Until(func() bool { g = c.group(name); return c.ended() || g != nil && g.Ready >= g.Instances })
}

// begin records that something begins, and returns the argument for end.
func (c *campaign) begin(list *[]disruption, group string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	*list = append(*list, disruption{group, span{monotonic(), never}})
	return len(*list) - 1
}

func (c *campaign) end(list *[]disruption, i int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	(*list)[i].to = monotonic()
}

// move runs a step that can close websockets of a group, and that can fail if a
// worker is killed meanwhile.
func (c *campaign) move(group string, do func(context.Context) error) {
	i := c.begin(&c.moves, group)
	from := monotonic()
	ctx, cancel := context.WithTimeout(context.Background(), harness.Patience)
	defer cancel()
	err := do(ctx)
	c.end(&c.moves, i)
	if err != nil && !c.killedIn("", span{from, monotonic()}) {
		c.t.Errorf("%v, and no worker was killed:\n%s", err, c.showLog())
	}
}

// killedIn reports whether a worker of the group ("" = any) was killed in a
// span.
func (c *campaign) killedIn(group string, s span) bool { return c.killsIn(group, s) > 0 }

func (c *campaign) killsIn(group string, s span) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, k := range c.kills {
		if (group == "" || k.group == group) && k.meets(s) {
			n++
		}
	}
	return n
}

var errApplied = errors.New("applied")

// reload sets another cap for moving, and starts new workers for the groups
// that are replaced.
func (c *campaign) reload(rng *rand.Rand) {
	next := 1 + rng.IntN(mostMoving)
	c.configure(next, []string{"least_busy", "round_robin"}[rng.IntN(2)])
	from := monotonic()
	c.mu.Lock()
	last := len(c.caps) - 1
	c.caps = append(c.caps, capSpan{next, span{from, never}})
	c.mu.Unlock()
	applied := false
	c.move("", func(ctx context.Context) error {
		err := c.master.Reload(ctx, api.ReloadRequest{All: rng.IntN(4) == 0}, func(e api.ReloadStep) error {
			switch e.Kind {
			case api.StepApplied:
				applied = true
				return errApplied
			case api.StepFailed:
				return errors.New(e.Error)
			}
			return nil
		})
		if applied {
			return nil
		}
		return err
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if applied {
		c.caps[last].to = monotonic()
		return
	}
	// The old one stays: the last one in the list is in force.
	old := c.caps[last]
	c.caps[last], c.caps[last+1] = c.caps[last+1], old
	c.caps[last].to = monotonic()
}

func (c *campaign) scale(rng *rand.Rand) {
	name := []string{exact, moving, free}[rng.IntN(3)]
	c.move(name, func(ctx context.Context) error { return c.master.Scale(ctx, name, 1+rng.IntN(3)) })
}

func (c *campaign) restart(rng *rand.Rand) {
	name := anyGroup(rng)
	c.move(name, func(ctx context.Context) error { return c.master.Restart(ctx, name) })
}

// hold makes the requests of a group wait. Some of their clients leave. Once
// these requests have left the queue, hold releases the others.
func (c *campaign) hold(rng *rand.Rand) {
	name := []string{exact, moving}[rng.IntN(2)]
	ctx, cancel := context.WithTimeout(context.Background(), harness.Patience)
	defer cancel()
	c.paused.Store(&name)
	defer c.paused.Store(nil)
	require.NoError(c.t, c.master.Hold(ctx, name))
	ids := c.vanish(ctx, name, 1+rng.IntN(3))
	require.NoError(c.t, c.master.Release(ctx, name))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.vanished = append(c.vanished, ids...)
}

// group requests the status of one group. It returns nil if the group does not
// exist now.
func (c *campaign) group(name string) *api.GroupStatus {
	ctx, cancel := context.WithTimeout(context.Background(), harness.Patience)
	defer cancel()
	st, _, err := c.master.Status(ctx)
	if err != nil {
		return nil
	}
	for i := range st.Groups {
		if g := &st.Groups[i]; g.Name == name {
			return g
		}
	}
	return nil
}

// isAtRest reports whether a status, as JSON, has nothing queued, nothing in
// flight and nothing draining.
func isAtRest(t testing.TB, out []byte) bool {
	st := new(api.Status)
	require.NoError(t, json.Unmarshal(out, st))
	for _, g := range st.Groups {
		if g.Queued > 0 || g.Held || g.Ready != g.Instances || len(g.Workers) != g.Instances {
			return false
		}
		for _, w := range g.Workers {
			if w.Requests > 0 || w.Websockets > 0 || w.State != api.StateReady {
				return false
			}
		}
	}
	return true
}
