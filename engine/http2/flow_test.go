package http2

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/proxy"
	"github.com/ldcorn/ldcorn/engine/result"
)

// body returns n bytes.
func bodyOf(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7 / 5)
	}
	return b
}

// TestLargeBodies checks that large bodies arrive whole, both ways and at once.
func TestLargeBodies(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker(func(w http.ResponseWriter, req *http.Request) {
			_ = http.NewResponseController(w).EnableFullDuplex()
			_, _ = io.Copy(w, req.Body)
		})
		c := r.client()
		sent := bodyOf(3 << 20)
		errs := make(chan error, 4)
		for i := range cap(errs) {
			go func() {
				var body io.Reader = bytes.NewReader(sent)
				if i%2 == 1 {
					body = io.MultiReader(body) // of unknown length
				}
				got, err := c.Post(r.url("/"), "x/y", body)
				if err == nil {
					h := sha256.New()
					_, err = io.Copy(h, got.Body)
					got.Body.Close()
					if want := sha256.Sum256(sent); err == nil && !bytes.Equal(want[:], h.Sum(nil)) {
						err = assert.AnError
					}
				}
				errs <- err
			}()
		}
		for range cap(errs) {
			require.NoError(t, <-errs)
		}
		r.idleAgain(u)
	})
}

// TestSlowStream checks that a stream which takes nothing does not hold others, and
// that it holds its slot until its answer is buffered.
func TestSlowStream(t *testing.T) {
	const size = 60 << 10 // more than a stream holds, and less than what a buffer keeps in memory
	eachDriver(t, func(t *testing.T, driver string) {
		p := capped(t, 1)
		p.Groups[0].ResponseBuffer = plan.BufferSize{Bytes: 1 << 20, Set: true}
		p.BufferMemory = 8 << 20
		arrived := make(chan bool, 1)
		r := newRig(t, driver, p)
		u := r.worker(func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Path == "/large" {
				arrived <- true
				_, _ = w.Write(bodyOf(size))
				return
			}
			hello(w, req)
		})
		c := r.raw(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1000})
		slow := c.ask(get(":path: /large"), true)
		<-arrived
		r.idleAgain(u)
		got := c.hear(c.ask(get(), true))
		assert.Equal(t, "200", got.status)
		require.NoError(t, c.WriteWindowUpdate(slow, size))
		require.NoError(t, c.WriteWindowUpdate(0, size))
		body := 0
		c.read(func(f http2.Frame) bool {
			if d, ok := f.(*http2.DataFrame); ok && f.Header().StreamID == slow {
				body += len(d.Data())
				return d.StreamEnded()
			}
			return false
		})
		assert.Positive(t, body)
	})
}

// TestSlowUpload checks that an upload which the worker does not read holds up no
// other stream.
func TestSlowUpload(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		goOn := make(chan bool)
		r.worker(func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Path == "/slow" {
				<-goOn
			}
			n, _ := io.Copy(io.Discard, req.Body)
			w.Header().Set("X-Got", http.StatusText(int(n%2)))
			hello(w, req)
		})
		cl := r.client()
		done := make(chan error, 1)
		go func() {
			got, err := cl.Post(r.url("/slow"), "x/y", bytes.NewReader(bodyOf(4<<20)))
			if err == nil {
				got.Body.Close()
			}
			done <- err
		}()
		for range 3 {
			got, err := cl.Post(r.url("/"), "x/y", bytes.NewReader(bodyOf(600<<10)))
			require.NoError(t, err)
			assert.Equal(t, "hello world\n", all(t, got.Body))
		}
		close(goOn)
		require.NoError(t, <-done)
	})
}

// TestStalled checks that a client which takes nothing of an answer is given up, and
// that its connection goes on.
func TestStalled(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil, func(o *proxy.Options) { o.Stall = 200 * time.Millisecond })
		u := r.worker(func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Path == "/large" {
				_, _ = w.Write(bodyOf(1 << 20))
				return
			}
			hello(w, req)
		})
		c := r.raw(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 100})
		got := c.hear(c.ask(get(":path: /large"), true))
		assert.Equal(t, "200", got.status)
		assert.Equal(t, "INTERNAL_ERROR", got.reset)
		res := r.observed()
		assert.Equal(t, result.KindGone, res.Kind)
		assert.Contains(t, res.Reason, "too little")
		r.idleAgain(u)
		assert.Equal(t, "200", c.hear(c.ask(get(), true)).status)
	})
}

// TestStalledAtTheEnd checks that a client which takes nothing of the rest of an answer
// is given up, too, although the request has ended: for an answer that is small, and for
// the end of one that is not.
func TestStalledAtTheEnd(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil, func(o *proxy.Options) { o.Stall = 200 * time.Millisecond })
		u := r.worker(func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Path == "/parts" {
				_, _ = w.Write(bodyOf(9000))
				w.(http.Flusher).Flush()
			}
			_, _ = w.Write(bodyOf(9000))
		})
		for i, path := range []string{"/", "/parts", "/"} {
			c := r.raw(http2.Setting{ID: http2.SettingInitialWindowSize, Val: []uint32{100, 100, 1 << 20}[i]})
			if i < 2 {
				require.NoError(t, c.WriteWindowUpdate(0, 1<<30))
			} else { // use up the window of the connection
				for range 7 {
					assert.Equal(t, "200", c.hear(c.ask(get(), true)).status)
				}
			}
			got := c.hear(c.ask(get(":path: "+path), true))
			assert.Equal(t, "200", got.status)
			assert.Equal(t, "INTERNAL_ERROR", got.reset)
			r.idleAgain(u)
		}
	})
}

// TestDeafConnection checks that a client which reads nothing at all loses its
// connection.
func TestDeafConnection(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t)
		p.IdleTimeout = 300 * time.Millisecond // of the connection, if the system has taken all for it
		r := newRig(t, driver, p, func(o *proxy.Options) { o.Stall = 300 * time.Millisecond })
		u := r.worker(func(w http.ResponseWriter, req *http.Request) { _, _ = w.Write(bodyOf(64 << 20)) })
		c := r.raw(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1<<31 - 1})
		require.NoError(t, c.WriteWindowUpdate(0, 1<<30))
		c.ask(get(), true)
		res := r.observed()
		assert.Equal(t, result.KindGone, res.Kind)
		r.idleAgain(u)
		soon(t, func() bool { return r.server.count() == 0 }, "the connection is still there")
	})
}

// TestSlowBody checks that a client which sends its body too slowly gets 408.
func TestSlowBody(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil, func(o *proxy.Options) { o.Stall = 200 * time.Millisecond })
		r.rawWorker(func(_ net.Conn, in *bufio.Reader) { _, _ = io.Copy(io.Discard, in) })
		c := r.raw()
		got := c.hear(c.ask(get(":method: POST", "content-length: 5"), false))
		assert.Equal(t, "408", got.status)
	})
}

func (s *Server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns.Len()
}
