package worker

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCountOOM(t *testing.T) {
	for text, want := range map[string]int{
		"nr_free_pages 5\noom_kill 3\ndrop_pagecache 1\n": 3,
		"oom_kill 0":           0,
		"oom_kill_other 7\n":   -1, // a kernel before 4.13
		"oom_kill many\n":      -1,
		"":                     -1,
		"nr_oom_kill 2\nx 1\n": -1,
	} {
		assert.Equal(t, want, countOOM([]byte(text)), text)
	}
}
