package http2

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/proxy"
)

// A witness notes how connections end.
type witness struct {
	*Server
	ends chan netloop.Op
}

func (w *witness) Serve(t netloop.Task, c netloop.Conn) netloop.Verdict {
	v := w.Server.Serve(t, c)
	w.ends <- v.Op
	return v
}

// newWitnessed returns a rig whose connections must rest for so long.
func newWitnessed(t *testing.T, driver string, restTime time.Duration) (*rig, *witness) {
	w := &witness{ends: make(chan netloop.Op, 100)}
	r := newRig(t, driver, nil, func(o *proxy.Options) {
		inner := o.Handler
		o.Handler = func(px *proxy.Proxy) netloop.Handler {
			w.Server = inner(px).(*Server)
			w.restTime = restTime
			return w
		}
	})
	return r, w
}

// ended returns how the next connection ends.
func (w *witness) ended(t *testing.T) netloop.Op {
	t.Helper()
	select {
	case op := <-w.ends:
		return op
	case <-time.After(patience):
		require.Fail(t, "the connection does not end")
		return 0
	}
}

// echo waits until the server has taken all that the client has sent.
func (c *rawClient) echo() {
	c.t.Helper()
	require.NoError(c.t, c.WritePing(false, [8]byte{1}))
	c.read(func(f http2.Frame) bool { p, ok := f.(*http2.PingFrame); return ok && p.IsAck() })
}

// TestForgotten checks that the end of everything does not wait for a client that has
// rested and does nothing about GOAWAY, and that one which may still be taking an
// answer is not closed as if it were.
func TestForgotten(t *testing.T) {
	for name, x := range map[string]struct {
		restTime time.Duration
		end      netloop.Op
	}{
		"rested":   {time.Nanosecond, netloop.Close},
		"answered": {time.Hour, netloop.Linger},
	} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r, w := newWitnessed(t, driver, x.restTime)
				r.worker(hello)
				c := r.raw()
				assert.Equal(t, "200", c.hear(c.ask(get(), true)).status)
				c.echo()
				r.stop()
				assert.Equal(t, x.end, w.ended(t))
				assert.Equal(t, "NO_ERROR", c.untilEnd())
			})
		})
	}
}

// TestForgottenBusy checks that a client whose stream ends after the first GOAWAY gets
// time to take the answer.
func TestForgottenBusy(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r, w := newWitnessed(t, driver, time.Nanosecond)
		arrived, goOn := r.slowWorker()
		c := r.raw()
		id := c.ask(get(":path: /slow"), true)
		<-arrived
		r.stop()
		c.goAwayOf()
		goOn <- true
		assert.Equal(t, "200", c.hear(id).status)
		assert.Equal(t, netloop.Linger, w.ended(t))
	})
}

// TestShed checks that a connection which has rested longest ends when descriptors run
// short, with a GOAWAY that lets the client repeat what it has sent meanwhile, and that
// none ends that has a stream.
func TestShed(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r, w := newWitnessed(t, driver, time.Second)
		arrived, goOn := r.slowWorker()
		busy := r.raw()
		slow := busy.ask(get(":path: /slow"), true)
		<-arrived
		oldest, other := r.raw(), r.raw()
		for _, c := range []*rawClient{other, oldest, other} {
			assert.Equal(t, "200", c.hear(c.ask(get(), true)).status)
			c.echo()
		}
		start := netloop.Now()
		assert.Zero(t, w.Shed(10, 1), "none has rested for so long")
		soon(t, func() bool { return w.Shed(1, start) == 1 }, "none of two ends")
		last := oldest.goAwayOf()
		assert.Equal(t, http2.ErrCodeNo, last.ErrCode)
		assert.Equal(t, oldest.next-2, last.LastStreamID, "it was answered")
		oldest.ask(get(), true) // it may be on its way
		assert.Equal(t, "", oldest.untilEnd(), "there is no other one")
		assert.Equal(t, netloop.Linger, w.ended(t))

		assert.Equal(t, "200", other.hear(other.ask(get(), true)).status)
		other.echo()
		soon(t, func() bool { return w.Shed(10, netloop.Now()) == 1 }, "the other one does not end")
		assert.Equal(t, other.next-2, other.goAwayOf().LastStreamID)
		assert.Zero(t, w.Shed(10, netloop.Now()), "the last one has a stream")
		goOn <- true
		assert.Equal(t, "200", busy.hear(slow).status)
		for range 5 {
			r.observed()
		}
		assert.Empty(t, r.seen, "the request that came too late reached no worker")
	})
}
