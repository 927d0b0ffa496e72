package proxy

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/result"
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

// TestShutdownTimeoutIsNobodysFault checks that a request that is cut then is reported as
// such, and neither as one whose client left nor as one whose worker failed.
func TestShutdownTimeoutIsNobodysFault(t *testing.T) {
	big := "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + strings.Repeat("x", 32<<20)
	for name, c := range map[string]struct {
		in, answer string
	}{
		"streams":      {http1test.Get("/"), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"},
		"takes slowly": {http1test.Get("/"), big},
		"uploads":      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nab", ""},
	} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				p := capped(t, 1)
				p.ShutdownTimeout = 50 * time.Millisecond
				seen := make(chan result.Result, 1)
				r := newRig(t, driver, p, func(o *Options) { o.Observer = observerFunc(func(rec *result.Result) { seen <- *rec }) })
				u := r.worker("default", func(w net.Conn, in *bufio.Reader) {
					readHead(in)
					_, _ = io.WriteString(w, c.answer)
					untilGone(in)
				})
				cl := r.client()
				cl.say(c.in)
				if c.answer != "" {
					cl.read(20)
				}
				soon(t, func() bool { return u.heads() == 1 }, "busy")
				r.stop()
				rec := <-seen
				assert.Equal(t, result.KindStopping, rec.Kind)
				assert.Contains(t, rec.Reason, "shutting down")
			})
		})
	}
}
