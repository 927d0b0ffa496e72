package api

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSeries: a series is a short array of numbers, with null for what is not known.
func TestSeries(t *testing.T) {
	nan := float32(math.NaN())
	for text, s := range map[string]Series{
		"[]":                            nil,
		"[1,null,0.25,64000000]":        {1, nan, 0.25, 64e6},
		"[0.003333,null]":               {1.0 / 300, nan},
		"[4294967296,1e-09,-2,1.5e-05]": {1 << 32, 1e-9, -2, 1.5e-5},
	} {
		got, err := json.Marshal(s)
		require.NoError(t, err)
		assert.Equal(t, text, string(got))
		var back Series
		require.NoError(t, json.Unmarshal(got, &back))
		again, err := json.Marshal(back)
		require.NoError(t, err)
		assert.Equal(t, text, string(again))
	}
	var s Series
	assert.Error(t, json.Unmarshal([]byte(`["1"]`), &s))
}
