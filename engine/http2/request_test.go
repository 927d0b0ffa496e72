package http2

import (
	"io"
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func hello(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Length", "12")
	_, _ = io.WriteString(w, "hello world\n")
}

// TestRequest checks that the worker gets the request as HTTP/1.1, and the client
// its answer.
func TestRequest(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		heads := make(chan string, 1)
		u := r.worker(func(w http.ResponseWriter, req *http.Request) {
			b, _ := httputil.DumpRequest(req, false)
			heads <- string(b)
			w.Header().Set("X-B", "c")
			w.Header().Add("Set-Cookie", "a=b")
			w.Header().Add("Set-Cookie", "c=d")
			hello(w, req)
		})
		req, err := http.NewRequest("GET", r.url("/x%20y?a=1"), nil)
		require.NoError(t, err)
		req.Header.Set("X-A", "b")
		got, err := r.client().Do(req)
		require.NoError(t, err)
		assert.Equal(t, 2, got.ProtoMajor)
		assert.Equal(t, 200, got.StatusCode)
		assert.Equal(t, "hello world\n", all(t, got.Body))
		assert.Equal(t, "c", got.Header.Get("X-B"))
		assert.Equal(t, []string{"a=b", "c=d"}, got.Header["Set-Cookie"])
		head := <-heads
		assert.Contains(t, head, "GET /x%20y?a=1 HTTP/1.1\r\nHost: "+r.addr+"\r\n")
		assert.Contains(t, head, "X-A: b\r\n")
		assert.Contains(t, head, "X-Real-Ip: 127.0.0.1\r\n")
		r.idleAgain(u)
		res := r.observed()
		assert.Equal(t, 200, res.Status)
		assert.Equal(t, int64(12), res.Sent)
		assert.Empty(t, res.Kind)
	})
}

// TestManyStreams checks that many streams of one connection are served at once.
func TestManyStreams(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker(hello)
		c := r.client()
		errs := make(chan error, 50)
		for range cap(errs) {
			go func() {
				for range 20 {
					got, err := c.Post(r.url("/"), "text/plain", strings.NewReader("some body"))
					if err != nil {
						errs <- err
						return
					}
					b, err := io.ReadAll(got.Body)
					got.Body.Close()
					if err != nil || string(b) != "hello world\n" {
						errs <- assert.AnError
						return
					}
				}
				errs <- nil
			}()
		}
		for range cap(errs) {
			require.NoError(t, <-errs)
		}
		r.idleAgain(u)
	})
}
