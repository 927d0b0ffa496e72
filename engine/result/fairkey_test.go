package result_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/result"
)

// TestFairKey checks the digits that docs/slots.md shows how to compute.
func TestFairKey(t *testing.T) {
	assert.Equal(t, "9f86d081", result.NewFairKey("test").String(), "printf %s test | sha256sum")
	assert.Equal(t, result.NewFairKey("k-1"), result.NewFairKey([]byte("k-1")))
	assert.Zero(t, result.NewFairKey(""))
	assert.Empty(t, result.FairKey(0).String())
	assert.Equal(t, "00000001", result.FairKey(1).String())
}
