package http2

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/ldcorn/ldcorn/engine/proxy"
	"github.com/ldcorn/ldcorn/engine/result"
)

// goAwayOf reads until a GOAWAY comes.
func (c *rawClient) goAwayOf() *http2.GoAwayFrame {
	c.t.Helper()
	return c.read(func(f http2.Frame) bool { _, ok := f.(*http2.GoAwayFrame); return ok }).(*http2.GoAwayFrame)
}

// slowWorker adds a worker that says when a request for /slow has arrived, and answers
// it when it is told to go on.
func (r *rig) slowWorker() (arrived, goOn chan bool) {
	r.t.Helper()
	arrived, goOn = make(chan bool, 1), make(chan bool)
	r.worker(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/slow" {
			arrived <- true
			<-goOn
		}
		hello(w, req)
	})
	return arrived, goOn
}

// TestDrain checks that a listener which leaves, or the end of everything, ends no
// stream: the first GOAWAY rejects none, so that a client loses nothing of what it
// sends meanwhile (RFC 9113 section 6.8), and the connection ends with its last
// stream.
func TestDrain(t *testing.T) {
	for name, end := range map[string]func(*rig){
		"listener": func(r *rig) { r.proxy.Leave(r.ln) },
		"stop":     func(r *rig) { r.stop() },
	} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, nil)
				arrived, goOn := r.slowWorker()
				c := r.raw()
				slow := c.ask(get(":path: /slow"), true)
				<-arrived
				end(r)
				first := c.goAwayOf()
				assert.Equal(t, uint32(1<<31-1), first.LastStreamID)
				assert.Equal(t, http2.ErrCodeNo, first.ErrCode)
				assert.Equal(t, "200", c.hear(c.ask(get(), true)).status, "it was on its way")
				last := c.goAwayOf()
				assert.Equal(t, c.next-2, last.LastStreamID)
				goOn <- true
				got := c.hear(slow)
				assert.Equal(t, "200", got.status)
				assert.Equal(t, "hello world\n", got.body)
				assert.Equal(t, "", c.untilEnd())
			})
		})
	}
}

// TestDrainAtRest checks that a connection without streams ends, too, and that
// everything then stops.
func TestDrainAtRest(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		c := r.raw()
		r.stop()
		assert.Equal(t, "NO_ERROR", c.untilEnd())
		c.conn.Close()
		select {
		case <-r.ended:
		case <-time.After(patience):
			t.Fatal("the proxy does not end")
		}
	})
}

// TestShutdownTimeout checks that a stream which does not end holds the end of
// everything for shutdown_timeout and no longer.
func TestShutdownTimeout(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t)
		p.ShutdownTimeout = 300 * time.Millisecond
		r := newRig(t, driver, p, func(*proxy.Options) {})
		arrived := make(chan bool, 1)
		r.worker(func(w http.ResponseWriter, req *http.Request) {
			arrived <- true
			<-req.Context().Done()
		})
		c := r.raw()
		c.ask(get(), true)
		<-arrived
		r.stop()
		select {
		case <-r.ended:
		case <-time.After(patience):
			t.Fatal("the proxy does not end")
		}
		assert.Equal(t, result.KindStopping, r.observed().Kind, "the client has not left")
	})
}

// TestIdleTimeout checks that a connection without streams ends after idle_timeout.
func TestIdleTimeout(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t)
		p.IdleTimeout = 100 * time.Millisecond
		r := newRig(t, driver, p)
		r.worker(hello)
		c := r.raw()
		assert.Equal(t, "200", c.hear(c.ask(get(), true)).status)
		assert.Equal(t, "NO_ERROR", c.untilEnd())
	})
}

// TestDepart checks that a connection that begins while clients are to leave begins
// as any other (RFC 9113 section 3.4), serves a request, and ends then.
func TestDepart(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.worker(hello)
		before := r.raw()
		r.proxy.Depart()
		assert.Equal(t, uint32(1<<31-1), before.goAwayOf().LastStreamID)
		assert.Equal(t, "200", before.hear(before.ask(get(), true)).status, "it was on its way")
		c := r.connect()
		_, err := io.WriteString(c.conn, http2.ClientPreface)
		require.NoError(t, err)
		require.NoError(t, c.WriteSettings())
		first, err := c.frame()
		require.NoError(t, err)
		assert.Equal(t, http2.FrameSettings, first.Header().Type)
		assert.Equal(t, "200", c.hear(c.ask(get(), true)).status)
		assert.Equal(t, "NO_ERROR", c.untilEnd())
	})
}

// TestDrainAtOnce checks that a connection that is to end as it begins says so after
// its first frame.
func TestDrainAtOnce(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		for range 20 {
			c := r.connect()
			_, err := io.WriteString(c.conn, http2.ClientPreface)
			require.NoError(t, err)
			require.NoError(t, c.WriteSettings())
			r.proxy.Depart()
			first, err := c.frame()
			require.NoError(t, err)
			assert.Equal(t, http2.FrameSettings, first.Header().Type)
			c.conn.Close()
		}
	})
}
