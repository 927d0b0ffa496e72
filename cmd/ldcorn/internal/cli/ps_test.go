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
		require.NoError(t, showRequests(&out, all, terminal.Look{Width: width}))
		return out.String()
	}
	assert.Regexp(t, `^AGE +STAGE +WORKER +QUEUED +CLIENT +ID +REQUEST\n`, show(0))
	all.Requests[1].Priority, all.Requests[1].Fair = -5, "9f86d081"
	assert.Regexp(t, `^AGE +STAGE +WORKER +QUEUED +PRIORITY +FAIR +CLIENT +ID +REQUEST
2\.5s +queued +gpu +2\.5s +0 +- +203\.0\.113\.9 +6c1d00000000aaaa +GET /a
1\.0s +queued +gpu +- +-5 +9f86d081 +- +6c1d00000000bbbb +POST /transcribe/live
$`, show(0))
	for line := range strings.Lines(show(60)) {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 61, line)
	}
	assert.Contains(t, show(60), "PRIORITY")
	assert.NotContains(t, show(60), "bbbb")
}
