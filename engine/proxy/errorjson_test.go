package proxy

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/pool"
)

// TestErrorJSON checks that a reason with a name in quotes stays valid JSON.
func TestErrorJSON(t *testing.T) {
	f := queueLate(pool.Want{Kind: pool.WantLimit, Limit: `g"p\u`})
	var got struct {
		Error string `json:"error"`
		ID    string `json:"request_id"`
	}
	require.NoError(t, json.Unmarshal(appendErrorJSON(nil, f.status, f.reason, []byte("id-1")), &got))
	assert.Equal(t, f.reason, got.Error)
	assert.Equal(t, "id-1", got.ID)
}
