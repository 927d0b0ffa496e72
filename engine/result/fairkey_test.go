package result_test

import (
	"bytes"
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

// TestFairKeyAllocatesNothing: every request of a group with fair has one.
func TestFairKeyAllocatesNothing(t *testing.T) {
	key, out := bytes.Repeat([]byte("k"), 64), make([]byte, 0, 8)
	assert.Zero(t, testing.AllocsPerRun(100, func() { out = result.NewFairKey(key).Append(out[:0]) }))
}
