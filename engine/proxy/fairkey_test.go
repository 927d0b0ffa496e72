package proxy

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/result"
)

// TestFairKeyAllocatesNothing: every request of a group with fair has one.
func TestFairKeyAllocatesNothing(t *testing.T) {
	countsAllocations(t)
	key, out := bytes.Repeat([]byte("k"), 64), make([]byte, 0, 8)
	assert.Zero(t, testing.AllocsPerRun(100, func() { out = result.NewFairKey(key).Append(out[:0]) }))
}
