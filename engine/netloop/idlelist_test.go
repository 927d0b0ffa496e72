package netloop

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestIdleList checks that the oldest connection is always the first to have
// come of those still in the list.
func TestIdleList(t *testing.T) {
	type conn struct {
		node idleNode[*conn]
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var list idleList[*conn]
	var want []*conn
	conns := make([]conn, 20)
	for now := Time(1); now < 5000; now++ {
		c := &conns[rng.IntN(len(conns))]
		if i := slices.Index(want, c); i >= 0 {
			assert.True(t, c.node.leave())
			want = slices.Delete(want, i, i+1)
		} else {
			assert.False(t, c.node.leave(), "it is in no list")
			list.push(&c.node, c, now)
			want = append(want, c)
		}
		got, ok := list.oldest(now)
		if len(want) == 0 {
			assert.False(t, ok)
			continue
		}
		assert.True(t, ok)
		assert.Same(t, want[0], got)
		_, ok = list.oldest(want[0].node.since - 1)
		assert.False(t, ok, "not old enough")
	}
}
