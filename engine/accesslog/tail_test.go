package accesslog

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTail(t *testing.T) {
	var tail Tail
	r := full(t)
	tail.Observe(r) // nobody watches
	all, slow := tail.Watch(TailFilter{}), tail.Watch(TailFilter{Took: r.Took + time.Second})
	groups, errors := tail.Watch(TailFilter{Groups: []string{"nobody"}}), tail.Watch(TailFilter{Status: r.Status + 1})
	tail.Observe(r)
	tail.Observe(r)
	for _, none := range []*TailReader{slow, groups, errors} {
		lines, lost := none.Take()
		assert.Empty(t, lines)
		assert.Zero(t, lost)
		none.Close()
	}
	all.Wait(t.Context())
	lines, lost := all.Take()
	assert.Zero(t, lost)
	assert.Equal(t, 2, bytes.Count(lines, []byte("\n")))
	first, _, _ := bytes.Cut(lines, []byte("\n"))
	var line map[string]any
	require.NoError(t, json.Unmarshal(first, &line), "%s", first)
	assert.EqualValues(t, r.Status, line["status"])
	assert.NotContains(t, string(first), "?", "queries can hold secrets")
	all.Close()
	tail.Observe(r)
	lines, _ = all.Take()
	assert.Empty(t, lines)
	assert.Zero(t, tail.watched.Load())
}

// TestTail_Slow: a slow reader loses lines, and learns how many.
func TestTail_Slow(t *testing.T) {
	var tail Tail
	all := tail.Watch(TailFilter{})
	defer all.Close()
	r := full(t)
	for range tailRoom + 5 {
		tail.Observe(r)
	}
	lines, lost := all.Take()
	assert.Equal(t, tailRoom, bytes.Count(lines, []byte("\n")))
	assert.EqualValues(t, 5, lost)
}

// TestTail_AllocateNothing: a tail that nobody watches costs nothing.
func TestTail_AllocateNothing(t *testing.T) {
	var tail Tail
	r := full(t)
	assert.Zero(t, testing.AllocsPerRun(100, func() { tail.Observe(r) }))
}
