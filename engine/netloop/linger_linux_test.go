//go:build !portable

package netloop

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// pass advances the clock of a loop that is not running.
func (l *loop) pass(d time.Duration) {
	l.now += Time(d)
	l.sweep()
}

// A brokenLayer has refused its client.
type brokenLayer struct{ Layer }

func (brokenLayer) Seal(dst, _ []byte) ([]byte, error) { return dst, nil }
func (brokenLayer) End(dst []byte) []byte              { return dst }
func (brokenLayer) Read([]byte) int                    { return 0 }
func (brokenLayer) Buffered() int                      { return 0 }
func (brokenLayer) Close()                             {}

// TestLingerLimits checks that the driver listens to a client that keeps
// sending for lingerTime, to a silent one for lingerSilence, and to both for
// lingerStopping once the driver shuts down.
func TestLingerLimits(t *testing.T) {
	const step = lingerSilence - time.Second
	begin := func(t *testing.T) (*loop, *econn, int) {
		l := bareLoop(t)
		c, peer := l.pair(t, true)
		c.linger()
		return l, c, peer
	}
	say := func(t *testing.T, c *econn, peer int) {
		_, e := rawWrite(peer, []byte("more"))
		require.Zero(t, e)
		c.event(unix.EPOLLIN)
		require.Zero(t, c.unread(t))
	}
	t.Run("sends", func(t *testing.T) {
		l, c, peer := begin(t)
		for d := step; d < lingerTime; d += step {
			l.pass(step)
			require.False(t, c.closed, "after %s", d)
			say(t, c, peer)
		}
		l.pass(step)
		assert.True(t, c.closed)
	})
	t.Run("silent", func(t *testing.T) {
		l, c, peer := begin(t)
		l.pass(step)
		say(t, c, peer)
		l.pass(step)
		require.False(t, c.closed)
		l.pass(2 * time.Second)
		assert.True(t, c.closed)
	})
	t.Run("never opened", func(t *testing.T) {
		l := bareLoop(t)
		c, _ := l.pair(t, true)
		c.lining = &lining{layer: brokenLayer{}}
		c.lining.fed(unix.EPROTO)
		c.linger()
		l.pass(lingerUnopened / 2)
		require.False(t, c.closed)
		l.pass(lingerUnopened)
		assert.True(t, c.closed)
	})
	t.Run("ends", func(t *testing.T) {
		l, c, peer := begin(t)
		unix.Close(peer)
		c.event(unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLHUP)
		assert.True(t, c.closed)
		assert.Empty(t, l.lingers)
	})
	t.Run("the driver stops", func(t *testing.T) {
		l, c, peer := begin(t)
		l.finishing = true
		c.shorten()
		l.pass(lingerStopping / 2)
		require.False(t, c.closed)
		say(t, c, peer)
		l.pass(lingerStopping / 2)
		assert.True(t, c.closed)
	})
	t.Run("the driver stops already", func(t *testing.T) {
		l := bareLoop(t)
		l.finishing = true
		c, _ := l.pair(t, true)
		c.linger()
		l.pass(lingerStopping)
		assert.True(t, c.closed)
	})
}
