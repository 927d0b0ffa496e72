package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
)

// someEvents are one of each kind, and one with everything in it.
func someEvents() []api.ControlEvent {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	index := 3
	var out []api.ControlEvent
	for _, kind := range api.EventKinds {
		out = append(out, api.ControlEvent{Event: api.Event{Kind: kind}})
	}
	out = append(out, api.ControlEvent{Event: api.Event{Kind: api.EventCrashed, Group: "api", Worker: &index, PID: 7, Generation: 2, Took: 61.5, Was: api.StateReady, Requests: 1, Websockets: 2,
		Queued: 3, Workers: 4, RestartIn: 0.25, Reason: "exit code 1"}, Stderr: []string{"Traceback", "  boom"}})
	for i := range out {
		out[i].FormatVersion, out[i].Number, out[i].At = api.EventVersion, uint64(i+1), at
	}
	return out
}

// TestEventsJSON holds what events --json prints and its schema together.
func TestEventsJSON(t *testing.T) {
	is := schemaOf(t, "events")
	for _, e := range someEvents() {
		is.fits(t, e)
	}
	bad := someEvents()[0]
	bad.Kind = "nothing"
	text, err := json.Marshal(bad)
	require.NoError(t, err)
	require.Error(t, is.check(t, bytes.NewReader(text)))
}

func TestShowEvent(t *testing.T) {
	shown := func(e api.ControlEvent) string {
		var out strings.Builder
		require.NoError(t, showEvent(&out, &e))
		return out.String()
	}
	all := someEvents()
	assert.Equal(t, "2026-01-02 03:04:05  master     starting\n", shown(all[0]))
	last := all[len(all)-1]
	assert.Equal(t, "2026-01-02 03:04:05  api.3      crashed       exit code 1, pid 7, ready for 1m1s, next try in 250ms, 1 request in flight, "+
		"2 websockets open, 3 requests queued, 4 workers\n    Traceback\n      boom\n", shown(last))
	assert.Contains(t, shown(api.ControlEvent{Event: api.Event{Kind: api.EventStartFailed, Group: "a", Reason: "exit code 1"}}), "  a          start failed  exit code 1\n")
	assert.Contains(t, shown(api.ControlEvent{Event: api.Event{Kind: api.EventReloadFailed, Took: 1.5, Reason: "broken"}}), "  master     reload failed broken, took 1.5s\n")
	last.Worker, last.Stderr, last.Reason = nil, nil, "one\ntwo"
	assert.Contains(t, shown(last), "api        crashed       one two, pid 7, generation 2,")
	assert.Equal(t, 1, strings.Count(shown(last), "\n"))
}
