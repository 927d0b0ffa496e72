package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
)

// limited returns a group with a limit and every setting of a queue.
func limited(name string, size int) *Group {
	return &Group{Name: name, Routes: []Route{{Matcher: match.Default()}}, Limits: []Limit{{"db", 1}, {"gpu", size}}, QueueLimit: 5}
}

// TestLimitSizes: a limit has one size, whoever has it.
func TestLimitSizes(t *testing.T) {
	p := &Plan{Groups: []*Group{limited("a", 4), limited("b", 4), limited("c", 5)}}
	found := limitsOfTwoSizes(p)
	require.Len(t, found, 1)
	assert.Equal(t, CodeLimitSizes, found[0].Code)
	assert.Equal(t, `the limit "gpu" has two sizes, 4 and 5`, found[0].Message)
	assert.Same(t, p.Groups[2], found[0].Place.Group)
	assert.Same(t, p.Groups[0], found[0].Other.Group)
	assert.Equal(t, `limit("gpu", 4)`, p.Groups[0].Limits[1].String())
}

// TestLimitIsACap: the requests of a group with limits wait as those of a group
// with a cap, so it has the same defaults and warnings.
func TestLimitIsACap(t *testing.T) {
	g := limited("a", 4)
	assert.True(t, g.HasCap())
	assert.True(t, g.FinishesAbandoned())
	assert.EqualValues(t, DefaultCappedBuffer, g.RequestBufferSize())
	assert.Empty(t, idleQueues(&Plan{Groups: []*Group{g}}))
	g.Sticky.Session = Session{In: SessionQuery, Name: "sid", Learn: LearnEngineIO}
	found := cappedPolls(&Plan{Groups: []*Group{g}})
	require.Len(t, found, 1)
	assert.Contains(t, found[0].Message, "group \"a\" has `limits` and sessions of Engine.IO")
	assert.Equal(t, "limits", found[0].Place.Argument)
}
