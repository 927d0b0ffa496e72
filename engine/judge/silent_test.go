package judge

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
)

// silentRig has requests in hand of a group that usually takes so many seconds.
func silentRig(t *testing.T, usual, held float64, stage api.RequestStage) *rig {
	r := newRig(t)
	r.past.before = &api.History{Groups: []api.GroupHistory{{Name: "web", P95: api.Series{float32(usual), nan, float32(usual), float32(usual), float32(usual), float32(usual)}}}}
	r.group.Cap, r.group.Requests = 0, 120
	zero := 0
	for i := range 5 {
		r.hand.Requests = append(r.hand.Requests, api.Request{ID: fmt.Sprint(i), Method: "GET", Path: "/sync", Group: "web", Worker: &zero, PID: 10, Stage: stage, Held: held})
	}
	r.look()
	r.tracks["web"].answered = time.Now().Add(-12 * time.Second)
	r.tracks["web"].seats[0].next = time.Now().Add(time.Hour)
	return r
}

// TestSilent: a group that answers nothing is an incident, if it usually does.
func TestSilent(t *testing.T) {
	r := silentRig(t, 0.02, 12, api.StageWorking)
	in := r.one()
	assert.Equal(t, api.IncidentSilent, in.Kind)
	assert.Equal(t, "120 in hand, the oldest 12s, which usually take 20 ms", in.Cause)
	assert.Equal(t, "mostly GET /sync (5 of the 5 oldest)", in.Requests)
	assert.Equal(t, api.MoodBad, in.Mood)
	assert.Contains(t, Lines(&in, in.Since.Add(12*time.Second))[0], "web: no answers for 12s: 120 in hand")

	gone := r.past.now
	gone.Requests, gone.Refused, gone.Failed, gone.Gone = api.Series{4}, api.Series{0}, api.Series{0}, api.Series{4}
	r.past.now = gone
	require.Len(t, r.look(), 1, "clients that leave got no answer")
	r.past.now.Gone = api.Series{3}
	assert.Empty(t, r.look())
}

// TestSilent_Not: long polls, streams, and groups of which nothing is known.
func TestSilent_Not(t *testing.T) {
	assert.Empty(t, silentRig(t, 25, 12, api.StageWorking).look(), "long polls")
	assert.Empty(t, silentRig(t, 0.02, 12, api.StageAnswering).look(), "streams")
	assert.Empty(t, silentRig(t, 0.02, 3, api.StageWorking).look(), "not for long")
	r := silentRig(t, 0.02, 12, api.StageWorking)
	r.past.before = nil
	assert.Empty(t, r.look())
}
