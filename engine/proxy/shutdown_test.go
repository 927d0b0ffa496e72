package proxy

import (
	"bufio"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
)

// stopping waits until the proxy has begun to stop, when it refuses
// connections.
func (r *rig) stopping() {
	r.t.Helper()
	r.stop()
	soon(r.t, func() bool {
		c, err := net.Dial("tcp", r.addr)
		if err == nil {
			c.Close()
		}
		return err != nil
	}, "still accepting")
}

func (r *rig) isDrained() bool {
	select {
	case <-r.proxy.Drained():
		return true
	default:
		return false
	}
}

// TestShutdown checks that resting connections are closed, that requests in
// flight and in the queue are answered, and that their answers announce the end
// of the connection.
func TestShutdown(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, capped(t, 1))
		s := newSlow()
		r.worker("default", s.serve)
		resting, busy, queued := r.client(), r.client(), r.client()
		resting.say(http1test.Get("/"))
		<-s.began
		s.say <- hello
		resting.hear("GET")
		busy.say(http1test.Get("/busy"))
		<-s.began
		queued.say(http1test.Get("/queued"))
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")

		r.stopping()
		assert.Empty(t, resting.rest(), "resting")
		assert.False(t, r.isDrained())
		const last = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
		s.say <- hello
		assert.Equal(t, last, busy.rest())
		<-s.began
		s.say <- hello
		assert.Equal(t, last, queued.rest())
		<-r.proxy.Drained()
	})
}

// TestShutdownLeavesTunnels checks that a websocket does not hold up the
// shutdown: its worker ends it.
func TestShutdownLeavesTunnels(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", echoing)
		c := r.client()
		c.say(handshake)
		c.head()
		r.stopping()
		<-r.proxy.Drained()
		c.say("still here")
		assert.Equal(t, "still here", c.read(len("still here")))
		u.close()
		assert.Empty(t, c.rest())
		require.NoError(t, c.Close())
		err := <-r.ran
		require.NoError(t, err)
		r.ran <- nil
	})
}

// TestShutdownTimeout checks that requests that are not done by then are cut.
func TestShutdownTimeout(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := capped(t, 1)
		p.ShutdownTimeout = 50 * time.Millisecond
		r := newRig(t, driver, p)
		gone := make(chan bool, 1)
		u := r.worker("default", func(_ net.Conn, in *bufio.Reader) {
			untilGone(in)
			gone <- true
		})
		busy, queued := r.client(), r.client()
		busy.say(http1test.Get("/"))
		soon(t, func() bool { return u.heads() == 1 }, "busy")
		queued.say(http1test.Get("/"))
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
		r.stop()
		<-gone
		for _, c := range []*client{busy, queued} {
			assertRefused(t, c.rest(), 503, "nobody is left without an answer")
			c.Close()
		}
		<-r.proxy.Drained()
		r.idleAgain(u)
	})
}
