package cli

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/api"
)

// TestStage: ps says what a request waits for if that is not just a slot.
func TestStage(t *testing.T) {
	two := 2
	for want, waits := range map[string]*api.WaitsFor{
		"queued":             {Kind: api.WaitsForSlot},
		"queued (worker 2)":  {Kind: api.WaitsForWorker, Worker: &two},
		"queued (limit gpu)": {Kind: api.WaitsForLimit, Limit: "gpu"},
		"queued (held)":      {Kind: api.WaitsForRelease},
		"queued (no worker)": {Kind: api.WaitsForReady},
	} {
		assert.Equal(t, want, stage(&api.Request{Stage: api.StageQueued, WaitsFor: waits}))
	}
	assert.Equal(t, "queued", stage(&api.Request{Stage: api.StageQueued}), "a master that does not say")
	assert.Equal(t, "working", stage(&api.Request{Stage: api.StageWorking}))
}
