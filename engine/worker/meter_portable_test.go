//go:build !linux || portable

package worker

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSumGroups(t *testing.T) {
	got := sumGroups([]byte("  1   100 0:01.50\n 7  2048  00:00:02\n 7    1 1-00:00:01\n 8 x 0:00\n 9 1 0:-\n broken\n"))
	assert.Equal(t, map[int]Usage{
		1: {RSS: 100 << 10, CPU: 1.5},
		7: {RSS: 2049 << 10, CPU: 24*3600 + 3},
	}, got)
}
