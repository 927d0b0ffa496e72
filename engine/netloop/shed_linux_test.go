//go:build !portable

package netloop

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"
)

// TestShedClient checks that the connection that has been idle or lingering
// longest makes room, and never one that is being served, has sent something,
// or has just become idle.
func TestShedClient(t *testing.T) {
	l := bareLoop(t)
	asked := 0 // of the Shedder
	l.d.fds.shedding.shedder = shedderFunc(func(int, Time) int { asked++; return 1 })
	rest := func() *econn {
		c, _ := l.pair(t, true)
		c.readable = false
		c.rest(Verdict{Op: Rest})
		return c
	}
	assert.False(t, l.shedClient(), "there is no client")
	lingers, _ := l.pair(t, true)
	lingers.linger()
	first, second := rest(), rest()
	served, _ := l.pair(t, true)
	partial, _ := l.pair(t, true)
	partial.readable = false
	partial.rest(Verdict{Op: Rest, Stash: []byte("GET /")})
	assert.False(t, l.shedClient(), "all have just come")
	assert.Equal(t, 1, asked, "not twice in a moment")
	l.d.fds.shedding.nextAt.Store(0)

	l.now += Time(shedAge)
	assert.True(t, l.shedClient())
	assert.True(t, lingers.closed)
	assert.Equal(t, 1, asked, "there was one to close")
	assert.Empty(t, l.lingers)
	young := rest()
	assert.True(t, l.shedClient())
	assert.True(t, first.closed)
	assert.False(t, second.closed)
	assert.True(t, l.shedClient())
	assert.True(t, second.closed)
	assert.False(t, l.shedClient())
	for _, c := range []*econn{served, partial, young} {
		assert.False(t, c.closed)
	}

	asks, peer := l.pair(t, true)
	asks.readable = false
	asks.rest(Verdict{Op: Rest})
	_, err := unix.Write(peer, []byte("GET /"))
	assert.NoError(t, err)
	l.now += Time(shedAge)
	assert.True(t, l.shedClient())
	assert.True(t, young.closed)
	assert.False(t, l.shedClient())
	assert.False(t, asks.closed, "its request has come, although no event has reported it")
	assert.Equal(t, inTask, asks.state)
	assert.Len(t, l.behind, 1, "it will be served")
}
