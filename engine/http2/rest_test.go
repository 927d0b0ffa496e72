package http2

import (
	"net/http"
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
		arrived, goOn := make(chan bool, 1), make(chan bool)
		r.worker(func(w http.ResponseWriter, req *http.Request) {
			arrived <- true
			<-goOn
			hello(w, req)
		})
		c := r.raw()
		id := c.ask(get(), true)
		<-arrived
		r.stop()
		c.goAwayOf()
		goOn <- true
		assert.Equal(t, "200", c.hear(id).status)
		assert.Equal(t, netloop.Linger, w.ended(t))
	})
}
