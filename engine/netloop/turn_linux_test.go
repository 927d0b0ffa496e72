//go:build !portable

package netloop

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// bareLoop returns a loop that is not running.
func bareLoop(t *testing.T) *loop {
	opts := Options{Log: slog.New(slog.DiscardHandler)}
	l := newLoop(&epoll{opts: opts, fds: newDescriptors(&opts)}, 0)
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	require.NoError(t, err)
	l.epfd, l.scratch, l.now = fd, make([]byte, 2<<10), Now()
	t.Cleanup(func() {
		for _, task := range l.active {
			task.stop()
		}
		l.close()
	})
	return l
}

// pair returns a connection of the loop and the descriptor of its peer.
func (l *loop) pair(t *testing.T, client bool) (*econn, int) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { unix.Close(fds[1]) })
	c := l.newConn(fds[0], client)
	c.readable = true
	if client {
		l.clients++
		c.ln = &Listener{}
		c.ln.open.Add(1)
	}
	return c, fds[1]
}

// flood fills a connection's buffers.
func flood(fd int) {
	for e := unix.Errno(0); e == 0; {
		_, e = rawWrite(fd, make([]byte, 16<<10))
	}
}

// unread returns how many bytes are waiting to be read from the connection.
func (c *econn) unread(t *testing.T) int {
	n, err := unix.IoctlGetInt(c.fd, unix.SIOCINQ)
	require.NoError(t, err)
	return n
}

// inTurns checks that a connection with full buffers is emptied in turns: the
// first by begin, and each later one after other pending work, whatever events
// come.
func inTurns(t *testing.T, l *loop, c *econn, begin, between func()) {
	before := c.unread(t)
	begin()
	require.Len(t, l.behind, 1)
	for turns := 1; len(l.behind) > 0; turns++ {
		left := c.unread(t)
		require.Less(t, left, before)
		require.GreaterOrEqual(t, left, before-turnShare)
		c.event(unix.EPOLLIN)
		require.Equal(t, left, c.unread(t), "an event must not bring the turn forward")
		require.Len(t, l.behind, 1)
		before = left
		between()
		l.runBehind()
	}
	require.Zero(t, c.unread(t))
}

// TestLingerTakesTurns checks that bytes that still come after an answer are
// discarded in turns.
func TestLingerTakesTurns(t *testing.T) {
	l := bareLoop(t)
	c, peer := l.pair(t, true)
	flood(peer)
	inTurns(t, l, c, c.linger, func() {})
	assert.Len(t, l.lingers, 1)
	flood(peer)
	c.event(unix.EPOLLIN)
	require.Len(t, l.behind, 1)
	c.Close()
	l.runBehind()
	assert.Empty(t, l.behind)
	assert.Empty(t, l.lingers)
}

// TestTunnelTakesTurns checks that a tunnel moves bytes in turns.
func TestTunnelTakesTurns(t *testing.T) {
	l := bareLoop(t)
	a, peer := l.pair(t, true)
	b, upstream := l.pair(t, false)
	flood(peer)
	task := l.task(func(task *etask) { task.Tunnel(a, b, func() {}) })
	task.resume(nil)
	inTurns(t, l, a, l.runBehind, func() { rawDrop(upstream, make([]byte, 1<<20)) })
	a.tunnel.end()
}

// TestTasksTakeTurns checks that a task gives way from time to time, whatever
// it does with available bytes or free buffer space.
func TestTasksTakeTurns(t *testing.T) {
	var buf [1 << 10]byte
	for name, step := range map[string]func(task *etask, c, to *econn) error{
		"Read":  func(task *etask, c, _ *econn) error { _, err := c.Read(task, buf[:], 0); return err },
		"Write": func(task *etask, _, to *econn) error { _, err := to.Write(task, buf[:], nil, 0); return err },
		"Write of two": func(task *etask, _, to *econn) error {
			_, err := to.Write(task, buf[:2], buf[:], 0)
			return err
		},
		"TryRead": func(task *etask, c, _ *econn) error { _, err := c.TryRead(task, buf[:]); return err },
		"WaitReadable": func(task *etask, c, _ *econn) error {
			task.Spend(100)
			return c.WaitReadable(task, 0)
		},
		"Splice": func(task *etask, c, to *econn) error {
			_, err, _ := c.Splice(task, to, 1<<10, 0, 0)
			return err
		},
		"one long Splice": func(task *etask, c, to *econn) error {
			task.used = turnShare - 1
			_, err, _ := c.Splice(task, to, 1<<30, 0, 0)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := bareLoop(t)
			c, peer := l.pair(t, true)
			to, _ := l.pair(t, false)
			flood(peer)
			task := l.task(func(task *etask) {
				for task.cut == nil && step(task, c, to) == nil {
				}
			})
			task.resume(nil)
			require.Equal(t, []*etask{task}, l.behind)
			require.False(t, task.waiting, "it waits for nothing")
			task.cut = ErrEnough
			for len(l.behind) > 0 {
				l.runBehind()
			}
			assert.False(t, task.alive, "a task interrupted meanwhile ends")
		})
	}
}

// TestNobodyKeepsTheLoop checks that each task that has fallen behind gets a
// turn, and no task a second one before the loop has looked for events.
func TestNobodyKeepsTheLoop(t *testing.T) {
	l := bareLoop(t)
	ran := make([]int, 5)
	for i := range ran {
		c, _ := l.pair(t, true)
		c.later(func(task *etask) {
			for task.cut == nil {
				ran[i]++
				task.Spend(turnShare)
				task.giveWay()
			}
		})
	}
	passes := 0
	for before := 0; passes < 50; passes++ {
		l.runBehind()
		sum := 0
		for _, n := range ran {
			sum += n
		}
		require.Greater(t, sum, before, "at least one task runs")
		require.LessOrEqual(t, sum, before+len(ran), "no task runs twice")
		require.LessOrEqual(t, slices.Max(ran)-slices.Min(ran), 1, "each task gets its turn")
		before = sum
	}
	for _, task := range l.active {
		task.cut = ErrStopped
	}
	for len(l.behind) > 0 {
		l.runBehind()
	}
}

// TestSweepTakesTurns checks that, of many connections that expire together,
// each sweep ends some, and the next sweep follows soon.
func TestSweepTakesTurns(t *testing.T) {
	l := bareLoop(t)
	const many = 3 * endAtOnce
	for range many {
		c, _ := l.pair(t, true)
		c.Rest(l.now + 1)
	}
	for left := many; left > 0; left -= endAtOnce {
		require.Equal(t, left, l.clients)
		l.pass(time.Second)
	}
	assert.Zero(t, l.clients)
	assert.Equal(t, never, l.nextAt)
}

// TestSweepServesWhoHasJustSent checks that a request that no event has
// reported yet takes precedence over the end of the rest.
func TestSweepServesWhoHasJustSent(t *testing.T) {
	l := bareLoop(t)
	var served []*econn
	l.d.opts.Handler = serveFunc(func(c Conn) { served = append(served, l.ownConn(c)) })
	sent, peer := l.pair(t, true)
	silent, _ := l.pair(t, true)
	for _, c := range []*econn{sent, silent} {
		c.readable = false
		c.Rest(l.now + 1)
	}
	_, e := rawWrite(peer, []byte("x"))
	require.Zero(t, e)
	l.pass(time.Second)
	assert.Equal(t, []*econn{sent}, served)
	assert.True(t, silent.closed)
}

type serveFunc func(Conn)

func (f serveFunc) Serve(_ Task, c Conn) Verdict {
	f(c)
	return Verdict{}
}

// TestShare checks that the loop lets goroutines run before it waits again.
func TestShare(t *testing.T) {
	l := bareLoop(t)
	l.shareAt = l.now + shareEvery
	task := l.task(func(t *etask) { t.Share() })
	task.resume(nil)
	require.LessOrEqual(t, l.shareAt, l.now)
}
