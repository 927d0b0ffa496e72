//go:build !portable

package worker

import (
	"os"
	"testing"

	"github.com/prometheus/procfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestParseStat compares the fields with those of procfs.
func TestParseStat(t *testing.T) {
	self, err := procfs.Self()
	require.NoError(t, err)
	want, err := self.Stat()
	require.NoError(t, err)
	text, err := os.ReadFile("/proc/self/stat")
	require.NoError(t, err)
	got, ok := parseStat(text)
	require.True(t, ok)
	assert.Equal(t, want.PGRP, got.group)
	assert.GreaterOrEqual(t, got.ticks, int64(want.UTime+want.STime))
	assert.Positive(t, got.pages)
}

func TestParseStat_Texts(t *testing.T) {
	const rest = " S 10 4321 4321 0 -1 4194304 1 2 3 4 700 35 5 6 20 0 9 0 10294 21450752 2560 18446744073709551615 1 1 0\n"
	want := procStat{group: 4321, ticks: 735, pages: 2560}
	for _, name := range []string{"python3", "a b", "a) S 1 2 3 4 5", "(((", ") (", ""} {
		got, ok := parseStat([]byte("42 (" + name + ")" + rest))
		assert.True(t, ok, "%q", name)
		assert.Equal(t, want, got, "%q", name)
	}
	for _, text := range []string{"", "42", "42 (a) S 10 4321", "42 (a) S 10 x 4321 0 -1 4194304 1 2 3 4 700 35 5 6 20 0 9 0 10294 21450752 2560"} {
		_, ok := parseStat([]byte(text))
		assert.False(t, ok, "%q", text)
	}
}
