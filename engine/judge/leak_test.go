package judge

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

const mib = 1 << 20

// A grower is a group of two workers over time.
type grower struct {
	*track
	now   time.Time
	group api.GroupStatus
	plan  plan.Plan
}

func newGrower() *grower {
	now := time.Now()
	g := &grower{track: &track{name: "web", seats: make(map[int]*seat)}, now: now}
	g.plan.Groups = []*plan.Group{{Name: "web", MaxRSS: 2000 * mib}}
	g.group = api.GroupStatus{Name: "web", Instances: 2, Ready: 2, Workers: []api.WorkerStatus{
		{Index: 0, PID: 10, State: api.StateReady, Since: now.Add(-time.Hour)}, {Index: 1, PID: 11, State: api.StateReady, Since: now.Add(-time.Hour)}}}
	return g
}

// pass lets a second pass, after which both indexes use so many MiB, and returns what is wrong.
func (g *grower) pass(first, second float32) []api.Incident {
	g.now = g.now.Add(time.Second)
	g.follow(&g.group, g.now)
	h := points("web", 0, 0, nan)
	h.Workers[0].RSS[0], h.Workers[1].RSS[0] = first*mib, second*mib
	g.track.add(&api.History{Points: 1, End: g.now}, &h)
	return g.leak(&sight{now: g.now, plan: &g.plan}, &g.group)
}

// TestLeak_Starts: the memory of a process counts from some seconds after it is ready and
// alone in its seat, so that no reload, restart or slow start is a leak.
func TestLeak_Starts(t *testing.T) {
	t.Run("slow", func(t *testing.T) {
		g := newGrower()
		g.group.Workers[1].State = api.StateStarting
		for i := range 30 {
			assert.Empty(t, g.pass(100, 30+8*float32(i)))
		}
		g.group.Workers[1].State, g.group.Workers[1].Since = api.StateReady, g.now
		for i := range 7 {
			assert.Empty(t, g.pass(100, 270+8*float32(i)), "it imports more")
		}
		for range 60 {
			assert.Empty(t, g.pass(100, 326))
		}
	})
	t.Run("reload", func(t *testing.T) {
		g := newGrower()
		for range 20 {
			assert.Empty(t, g.pass(100, 100))
		}
		old := g.group.Workers[1]
		g.group.Workers = append(g.group.Workers, api.WorkerStatus{Index: 1, PID: 12, State: api.StateStarting, New: true})
		for i := range 10 {
			assert.Empty(t, g.pass(100, 100+8*float32(i)))
		}
		old.State = api.StateDraining
		g.group.Workers = []api.WorkerStatus{g.group.Workers[0], old, {Index: 1, PID: 12, State: api.StateReady, Since: g.now}}
		for i := range 60 {
			assert.Empty(t, g.pass(100, 180+8*float32(i)), "the old one has the seat, too")
		}
		g.group.Workers = []api.WorkerStatus{g.group.Workers[0], g.group.Workers[2]}
		for range 60 {
			assert.Empty(t, g.pass(100, 80))
		}
	})
}

// TestLeak_Lasts: an incident keeps its beginning and its subject, and says that the growth
// has ended.
func TestLeak_Lasts(t *testing.T) {
	g := newGrower()
	for range 20 {
		require.Empty(t, g.pass(100, 100))
	}
	begun := g.now
	one, zero := float32(100), float32(100)
	var first *api.Incident
	for i := range 100 {
		one += 5
		if i >= 20 {
			zero += 9 // grows, too, and faster
		}
		all := g.pass(zero, one)
		if len(all) == 0 {
			require.Nil(t, first, "it is over after %d seconds", i)
			continue
		}
		if first == nil {
			first = &all[0]
			assert.LessOrEqual(t, i, 9)
			assert.WithinDuration(t, begun, first.Since, time.Second)
		}
		assert.Equal(t, "web.1", all[0].Subject())
		assert.Equal(t, first.Since, all[0].Since)
		assert.Contains(t, all[0].Cause, "reaches max_rss")
		assert.False(t, all[0].Quiet)
	}
	assert.Contains(t, g.pass(zero, one+5)[0].Cause, "and so does the memory of 1 other worker")

	seconds := 0
	for all := g.pass(zero, one); len(all) > 0; all = g.pass(zero, one) {
		assert.Equal(t, first.Since, all[0].Since)
		if seconds++; seconds > 20 {
			assert.Contains(t, all[0].Cause, "has stopped growing")
			assert.NotContains(t, all[0].Cause, "reaches")
			assert.True(t, all[0].Quiet)
		}
		require.Less(t, seconds, 90)
	}

	g = newGrower()
	for i := range 20 {
		g.pass(100+5*float32(i), 100+5*float32(i))
	}
	assert.Equal(t, "web", g.pass(200, 200)[0].Subject(), "both from the beginning")
	g.group.Workers[0].PID = 20
	all := g.pass(30, 205)
	require.Len(t, all, 1)
	assert.Equal(t, "web", all[0].Subject())
	assert.Contains(t, all[0].Cause, "web.1: ")
}
