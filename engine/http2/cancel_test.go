package http2

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/ldcorn/ldcorn/engine/result"
)

// TestReset checks that a reset of a stream cancels its request, as the end of a
// connection does.
func TestReset(t *testing.T) {
	for name, leave := range map[string]func(*rawClient, uint32){
		"stream":     func(c *rawClient, id uint32) { _ = c.WriteRSTStream(id, http2.ErrCodeCancel) },
		"connection": func(c *rawClient, _ uint32) { c.conn.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, nil)
				arrived, left := make(chan bool, 1), make(chan bool, 1)
				u := r.worker(func(w http.ResponseWriter, req *http.Request) {
					arrived <- true
					<-req.Context().Done()
					left <- true
				})
				c := r.raw()
				id := c.ask(get(), true)
				<-arrived
				leave(c, id)
				<-left
				r.idleAgain(u)
				res := r.observed()
				assert.Equal(t, result.KindGone, res.Kind)
				assert.Equal(t, result.StatusGone, res.Status)
			})
		})
	}
}

// TestResetFinishes checks that a reset frees no slot in a group with a cap: nothing
// tells when an app that has lost its client is done.
func TestResetFinishes(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, capped(t, 1))
		arrived, goOn := make(chan bool, 2), make(chan bool)
		u := r.worker(func(w http.ResponseWriter, req *http.Request) {
			arrived <- true
			<-goOn
			hello(w, req)
		})
		c := r.raw()
		id := c.ask(get(), true)
		<-arrived
		waits := c.ask(get(), true)
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "nobody waits")
		require.NoError(t, c.WriteRSTStream(id, http2.ErrCodeCancel))
		require.NoError(t, c.WritePing(false, [8]byte{1}))
		c.read(func(f http2.Frame) bool { p, ok := f.(*http2.PingFrame); return ok && p.IsAck() })
		assert.Equal(t, 1, r.pools["default"].Queued())
		goOn <- true
		<-arrived
		goOn <- true
		assert.Equal(t, "200", c.hear(waits).status)
		r.idleAgain(u)
	})
}

// TestResetQueued checks that a request leaves the queue with its stream.
func TestResetQueued(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, capped(t, 1))
		arrived, goOn := make(chan bool, 1), make(chan bool)
		r.worker(func(w http.ResponseWriter, req *http.Request) {
			arrived <- true
			<-goOn
			hello(w, req)
		})
		c := r.raw()
		first := c.ask(get(), true)
		<-arrived
		id := c.ask(get(), true)
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "nobody waits")
		require.NoError(t, c.WriteRSTStream(id, http2.ErrCodeCancel))
		soon(t, func() bool { return r.pools["default"].Queued() == 0 }, "it still waits")
		goOn <- true
		assert.Equal(t, "200", c.hear(first).status)
	})
}

// TestResetUpload checks that a reset within a body ends the request.
func TestResetUpload(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		ended := make(chan error, 1)
		u := r.worker(func(w http.ResponseWriter, req *http.Request) {
			_, err := io.ReadAll(req.Body)
			ended <- err
		})
		c := r.raw()
		id := c.ask(get(":method: POST"), false)
		require.NoError(t, c.WriteData(id, false, []byte("some")))
		soon(t, func() bool { n, _ := u.InFlight(); return n == 1 }, "the worker has no request")
		require.NoError(t, c.WriteRSTStream(id, http2.ErrCodeCancel))
		assert.Error(t, <-ended)
		r.idleAgain(u)
	})
}

// TestWorkerDies checks that a worker that dies costs its own streams, and no others.
func TestWorkerDies(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.rawWorker(func(c net.Conn, in *bufio.Reader) { _, _ = readHead(in) })
		c := r.raw()
		got := c.hear(c.ask(get(":method: POST", "content-length: 0"), true))
		assert.Equal(t, "502", got.status)
		r.worker(hello)
		got = c.hear(c.ask(get(), true))
		assert.Equal(t, "200", got.status)
	})
}
