package judge

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
)

// An answered is the answers of a group over time.
type answered struct {
	*track
	now time.Time
}

func newAnswered(before traffic) *answered {
	at := time.Now()
	t := &track{name: "web", change: &change{at: at, what: "a reload (generation 2; replace: env changed)", before: before}}
	return &answered{t, at}
}

// pass lets seconds pass that are all the same, and returns what is wrong after them.
func (a *answered) pass(seconds int, requests, errors, p95 float32) (out []api.Incident) {
	for range seconds {
		a.now = a.now.Add(time.Second)
		one := second{end: a.now, requests: requests, errors: errors, p95: p95, byWorker: map[int]float32{0: errors / 2, 1: errors / 2}}
		a.addSecond(one)
		out = a.errors(&sight{now: a.now}, new(failing), new(failing))
	}
	return out
}

// TestErrors_LongAfterDeploy: an outage after good traffic is not dated back to the reload.
func TestErrors_LongAfterDeploy(t *testing.T) {
	a := newAnswered(traffic{requests: 500, p95: 0.02})
	assert.Empty(t, a.pass(75, 10, 0, 0.02))
	first := a.now
	all := a.pass(8, 10, 10, 0.02)
	require.Len(t, all, 1)
	in := all[0]
	assert.Equal(t, api.IncidentErrors, in.Kind)
	assert.Equal(t, first, in.Since, "the first bad second")
	assert.Equal(t, "a reload (generation 2; replace: env changed), 1m15s before", in.Change)
	assert.Equal(t, api.MoodBad, in.Mood)
	assert.NotContains(t, in.Advice, "put the code")

	// a reload meanwhile is not the reason either
	a.change = &change{at: a.now, what: "a reload (generation 3)", before: traffic{requests: 500, errors: 80, p95: 0.02}}
	in = a.pass(6, 10, 10, 0.02)[0]
	assert.Equal(t, api.IncidentErrors, in.Kind)
	assert.Equal(t, first, in.Since)

	in = a.pass(11, 10, 0, 0.02)[0]
	assert.True(t, in.Quiet)
	assert.Equal(t, api.MoodWarn, in.Mood)
	assert.Empty(t, a.pass(10, 10, 0, 0.02))
}

// TestErrors_SoonAfterDeploy: errors that begin after a few good answers are dated from the
// first bad second.
func TestErrors_SoonAfterDeploy(t *testing.T) {
	a := newAnswered(traffic{requests: 500, p95: 0.02})
	at := a.now
	assert.Empty(t, a.pass(4, 1, 0, 0.02))
	in := a.pass(2, 10, 10, 0.02)[0]
	assert.Equal(t, api.IncidentBadDeploy, in.Kind)
	assert.Equal(t, at.Add(4*time.Second), in.Since)
	assert.Equal(t, "a reload (generation 2; replace: env changed), 4s before", in.Change)
	assert.Equal(t, at.Add(4*time.Second), a.pass(40, 10, 10, 0.02)[0].Since, "it stays")

	a = newAnswered(traffic{requests: 500, p95: 0.02})
	in = a.pass(3, 10, 10, 0.02)[0]
	assert.Equal(t, api.IncidentBadDeploy, in.Kind)
	assert.Contains(t, in.Change, "just before")
}

// TestErrors_Mended: a reload that ends errors is not bad because answers take longer.
func TestErrors_Mended(t *testing.T) {
	assert.Empty(t, newAnswered(traffic{requests: 500, errors: 400, p95: 0.002}).pass(12, 10, 0, 0.2))
	assert.Empty(t, newAnswered(traffic{requests: 500, errors: 8, p95: 0.002}).pass(12, 10, 0, 0.2))
	in := newAnswered(traffic{requests: 500, p95: 0.002}).pass(12, 10, 0, 0.2)
	require.Len(t, in, 1)
	assert.Equal(t, api.IncidentBadDeploy, in[0].Kind)

	a := newAnswered(traffic{requests: 500, p95: 0.002})
	a.pass(40, 10, 0, 0.002)
	assert.Empty(t, a.pass(12, 10, 0, 0.2), "slow long after a reload")
}
