package cli

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
)

// TestStage: ps says what a request waits for if that is not just a slot.
func TestStage(t *testing.T) {
	two := 2
	for want, waits := range map[string]*api.WaitsFor{
		"queued":                  {Kind: api.WaitsForSlot},
		"queued (worker 2)":       {Kind: api.WaitsForWorker, Worker: &two},
		"queued (limit gpu)":      {Kind: api.WaitsForLimit, Limit: "gpu"},
		"queued (held)":           {Kind: api.WaitsForRelease},
		"queued (client's share)": {Kind: api.WaitsForShare},
		"queued (no worker)":      {Kind: api.WaitsForReady},
	} {
		assert.Equal(t, want, stage(&api.Request{Stage: api.StageQueued, WaitsFor: waits}))
	}
	assert.Equal(t, "queued", stage(&api.Request{Stage: api.StageQueued}), "a master that does not say")
	assert.Equal(t, "working", stage(&api.Request{Stage: api.StageWorking}))
}

// TestRequestColumns: the priority and the key have columns if a request has them, and
// a narrow terminal has those that matter most.
func TestRequestColumns(t *testing.T) {
	all := &api.Requests{Total: 2, Requests: []api.Request{
		{ID: "6c1d00000000aaaa", Method: "GET", Path: "/a", Client: "203.0.113.9", Group: "gpu", Stage: api.StageQueued, Age: 2.5, Queued: 2.5},
		{ID: "6c1d00000000bbbb", Method: "POST", Path: "/transcribe/live", Group: "gpu", Stage: api.StageQueued, Age: 1},
	}}
	show := func(width int) string {
		var out strings.Builder
		require.NoError(t, showRequests(&out, all, false, terminal.Look{Width: width}))
		return out.String()
	}
	assert.Regexp(t, `^AGE +STAGE +WORKER +HELD +QUEUED +CLIENT +ID +REQUEST\n`, show(0))
	all.Requests[1].Priority, all.Requests[1].Fair = -5, "9f86d081"
	assert.Regexp(t, `^AGE +STAGE +WORKER +HELD +QUEUED +PRIORITY +FAIR +CLIENT +ID +REQUEST
2\.5s +queued +gpu +- +2\.5s +0 +- +203\.0\.113\.9 +6c1d00000000aaaa +GET /a
1\.0s +queued +gpu +- +- +-5 +9f86d081 +- +6c1d00000000bbbb +POST /transcribe/live
$`, show(0))
	for line := range strings.Lines(show(60)) {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 61, line)
	}
	assert.Contains(t, show(60), "PRIORITY")
	assert.NotContains(t, show(60), "bbbb")
}

// TestMoreRequests: ps says how many websockets are open, and what waits in each queue.
func TestMoreRequests(t *testing.T) {
	all := &api.Requests{Total: 70, Requests: make([]api.Request, 50), TotalWebsockets: 10_000, Queues: []api.RequestQueue{
		{Group: "gpu", Depth: 19, Oldest: api.Request{ID: "6c1d", Method: "POST", Path: "/a", Queued: 71.2}},
		{Group: "web", Depth: 1, Oldest: api.Request{ID: "6c1e", Method: "GET", Path: "/b", Queued: 0.25}},
	}}
	assert.Equal(t, []string{
		"and 20 more; -n shows up to 1000",
		"and 10000 open websockets; --websockets shows them",
		"gpu: 19 requests wait for a slot, the oldest for 1m11s: POST /a (id 6c1d)",
		"web: 1 request waits for a slot, the oldest for 0.2s: GET /b (id 6c1e)",
	}, moreRequests(all, false))
	all.Websockets, all.Queues = make([]api.Request, 9_999), nil
	assert.Contains(t, moreRequests(all, true), "and 1 websocket more; -n shows up to 1000")
}

// TestSortByWorker: the requests of a worker are together, the oldest first, and the
// queue of a group comes after its workers.
func TestSortByWorker(t *testing.T) {
	zero, one := 0, 1
	some := []api.Request{{ID: "a", Group: "web"}, {ID: "b", Group: "web", Worker: &one}, {ID: "c", Group: "api", Worker: &one}, {ID: "d", Group: "web", Worker: &zero}, {ID: "e", Group: "web", Worker: &one}}
	sortByWorker(some)
	ids := ""
	for _, r := range some {
		ids += r.ID
	}
	assert.Equal(t, "cdbea", ids)
}
