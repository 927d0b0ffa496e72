//go:build !portable

package netloop

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A moat is a layer that never opens anything.
type moat struct {
	Layer
	fed  int
	busy bool
}

func (m *moat) Feed(p []byte) error {
	m.fed += len(p)
	if m.busy {
		return ErrAgain
	}
	return nil
}
func (m *moat) Buffered() int                      { return 0 }
func (m *moat) Read([]byte) int                    { return 0 }
func (m *moat) Seal(dst, _ []byte) ([]byte, error) { return dst, nil }
func (m *moat) End(dst []byte) []byte              { return dst }
func (m *moat) Close()                             {}

// moated returns a pair with a moat as its layer.
func (l *loop) moated(t *testing.T) (*econn, *moat, int) {
	m := &moat{}
	c, peer := l.pair(t, true)
	c.ln = &Listener{Layer: func(Conn, func()) Layer { return m }}
	require.False(t, c.line())
	c.rest(Verdict{Op: Rest})
	return c, m, peer
}

// TestLayerOpensNothing checks that a client whose bytes give no plain bytes is
// read from in turns, whether its connection rests, lingers or is in a tunnel.
func TestLayerOpensNothing(t *testing.T) {
	for _, what := range []string{"rest", "linger", "tunnel"} {
		t.Run(what, func(t *testing.T) {
			l := bareLoop(t)
			l.d.opts.Handler = restFunc(func(task Task, c Conn) { c.TryRead(task, make([]byte, 1)) })
			c, m, peer := l.moated(t)
			switch what {
			case "linger":
				c.linger()
			case "tunnel":
				up, _ := l.pair(t, false)
				up.readable = false
				task := l.task(func(task *etask) { task.Tunnel(c, up, func() {}) })
				task.resume(nil)
				l.runBehind()
			}
			flood(peer)
			all := c.unread(t)
			c.event(unix.EPOLLIN)
			assert.LessOrEqual(t, m.fed, turnShare)
			assert.Less(t, m.fed, all, "not all at once")
			for range 10_000 {
				if m.fed == all || c.closed {
					break
				}
				l.runBehind()
			}
			assert.Equal(t, all, m.fed)
		})
	}
}

// TestLayerBusy checks that a busy layer is not fed, and that the driver gives
// it up if the client leaves meanwhile.
func TestLayerBusy(t *testing.T) {
	l := bareLoop(t)
	var read error
	l.d.opts.Handler = restFunc(func(task Task, c Conn) { _, read = c.TryRead(task, make([]byte, 1)) })
	c, m, peer := l.moated(t)
	m.busy = true
	flood(peer)
	all := c.unread(t)
	c.event(unix.EPOLLIN)
	assert.Equal(t, len(l.scratch), m.fed)
	assert.False(t, c.readable)
	c.event(unix.EPOLLIN)
	assert.Equal(t, len(l.scratch), m.fed)
	m.busy = false
	c.news()
	assert.Greater(t, m.fed, len(l.scratch))
	assert.Less(t, m.fed, all)
	m.busy = true
	c.news()
	c.state = atRest
	c.event(unix.EPOLLHUP)
	assert.ErrorIs(t, read, unix.ECONNRESET)
}

// restFunc is a handler after which the connection rests.
type restFunc func(Task, Conn)

func (f restFunc) Serve(t Task, c Conn) Verdict {
	f(t, c)
	return Verdict{Op: Rest}
}
