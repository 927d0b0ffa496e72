package http2

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/ldcorn/ldcorn/engine/result"
)

// readHead reads a head, including its empty line.
func readHead(in *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		b.WriteString(line)
		if err != nil || line == "\r\n" {
			return b.String(), err
		}
	}
}

// saying returns the behavior of a worker that gives the same answer to every
// request without a body.
func saying(answer string) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, in *bufio.Reader) {
		for {
			if _, err := readHead(in); err != nil {
				return
			}
			_, _ = io.WriteString(c, answer)
		}
	}
}

// TestAnswers checks what becomes of the answers of workers.
func TestAnswers(t *testing.T) {
	tests := map[string]struct {
		fields []string
		answer string
		want   outcome
	}{
		"length": {get(), "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello",
			outcome{status: "200", fields: []string{"x-a: b", "content-length: 5"}, body: "hello"}},
		"chunked": {get(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
			outcome{status: "200", body: "hello"}},
		"until the end": {get(), "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n", outcome{}},
		"trailers": {get("te: trailers"), "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n",
			outcome{status: "200", body: "hello", trailer: []string{"x-sum: 7"}}},
		"trailers that nobody asked for": {get(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n",
			outcome{status: "200", body: "hello"}},
		"103": {get(), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
			outcome{status: "200", interim: []string{"103"}, fields: []string{"content-length: 2"}, body: "hi"}},
		"HEAD": {get(":method: HEAD"), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
			outcome{status: "200", fields: []string{"content-length: 5"}}},
		"204": {get(), "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n", outcome{status: "204", fields: []string{"x-a: b"}}},
		"304": {get(), "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 5\r\n\r\n",
			outcome{status: "304", fields: []string{`etag: "a"`, "content-length: 5"}}},
		"connection fields": {get(), "HTTP/1.1 200 OK\r\nConnection: X-A, close\r\nX-A: b\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n",
			outcome{status: "200", fields: []string{"content-length: 0"}}},
	}
	eachDriver(t, func(t *testing.T, driver string) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				r := newRig(t, driver, nil)
				r.rawWorker(saying(test.answer))
				c := r.raw()
				if test.want.status == "" {
					return
				}
				got := c.hear(c.ask(test.fields, true))
				assert.Equal(t, test.want.status, got.status)
				assert.Equal(t, test.want.interim, got.interim)
				assert.ElementsMatch(t, test.want.fields, without(got.fields, "content-length: 5", test.want.fields))
				assert.Equal(t, test.want.body, got.body)
				assert.Equal(t, test.want.trailer, got.trailer)
				assert.Empty(t, got.reset)
			})
		}
	})
}

// without removes a field that net/http adds to a body that it has whole, unless it
// is wanted.
func without(fields []string, added string, wanted []string) (out []string) {
	for _, w := range wanted {
		if w == added {
			return fields
		}
	}
	for _, f := range fields {
		if f != added {
			out = append(out, f)
		}
	}
	return out
}

// TestUntilClose checks an answer whose end is that of the worker's connection.
func TestUntilClose(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.rawWorker(func(c net.Conn, in *bufio.Reader) {
			if _, err := readHead(in); err == nil {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nhello")
			}
		})
		c := r.raw()
		got := c.hear(c.ask(get(), true))
		assert.Equal(t, "200", got.status)
		assert.Equal(t, "hello", got.body)
		assert.Empty(t, got.reset)
	})
}

// TestCutAnswer checks that an answer that breaks off does not look complete.
func TestCutAnswer(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.rawWorker(func(c net.Conn, in *bufio.Reader) {
			if _, err := readHead(in); err == nil {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
			}
		})
		c := r.raw()
		got := c.hear(c.ask(get(), true))
		assert.Equal(t, "200", got.status)
		assert.Equal(t, "INTERNAL_ERROR", got.reset)
		assert.Equal(t, result.KindCut, r.observed().Kind)
		// The connection and its other streams go on.
		got = c.hear(c.ask(get(), true))
		assert.Equal(t, "200", got.status)
	})
}

// TestOwnAnswers checks the answers that ldcorn gives itself.
func TestOwnAnswers(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t)
		p.MaxBodySize = 10
		p.Groups[0].QueueTimeout = 10 * time.Millisecond
		r := newRig(t, driver, p)
		c := r.raw()
		got := c.hear(c.ask(get("accept: application/json"), true)) // no worker has been ready
		assert.Equal(t, "503", got.status)
		assert.Contains(t, got.fields, "content-type: application/json")
		assert.Contains(t, got.body, `"status":503`)
		assert.Contains(t, strings.Join(got.fields, "\n"), "retry-after: ")
		assert.Contains(t, strings.Join(got.fields, "\n"), "x-request-id: ")
		r.worker(hello)
		got = c.hear(c.ask(get(":method: POST", "content-length: 11"), false))
		assert.Equal(t, "413", got.status)
		got = c.hear(c.ask(get(":method: HEAD"), true))
		assert.Equal(t, "200", got.status, "the connection goes on")
	})
}

// TestStream checks that each part of an answer reaches the client at once.
func TestStream(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		say := make(chan string)
		r.worker(func(w http.ResponseWriter, req *http.Request) {
			w.(http.Flusher).Flush()
			for s := range say {
				_, _ = io.WriteString(w, s)
				w.(http.Flusher).Flush()
			}
		})
		got, err := r.client().Get(r.url("/"))
		require.NoError(t, err, "the head comes before the body")
		defer got.Body.Close()
		buf := make([]byte, 100)
		for _, s := range []string{"data: 1\n\n", "data: 2\n\n"} {
			say <- s
			n, err := io.ReadAtLeast(got.Body, buf, len(s))
			require.NoError(t, err)
			assert.Equal(t, s, string(buf[:n]))
		}
		close(say)
		_, err = got.Body.Read(buf)
		assert.Equal(t, io.EOF, err)
	})
}

// TestExpect checks that a client which waits for 100 gets one, when the body is
// wanted.
func TestExpect(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.worker(func(w http.ResponseWriter, req *http.Request) {
			b, _ := io.ReadAll(req.Body)
			assert.Empty(t, req.Header.Get("Expect"))
			_, _ = w.Write(b)
		})
		c := r.raw()
		id := c.ask(get(":method: POST", "expect: 100-continue", "content-length: 2"), false)
		c.read(func(f http2.Frame) bool {
			h, ok := f.(*http2.MetaHeadersFrame)
			return ok && h.PseudoValue("status") == "100"
		})
		require.NoError(t, c.WriteData(id, true, []byte("hi")))
		got := c.hear(id)
		assert.Empty(t, got.interim, "one 100 is enough")
		assert.Equal(t, "200", got.status)
		assert.Equal(t, "hi", got.body)
	})
}

// TestEarlyAnswer checks that an answer can end before the request has.
func TestEarlyAnswer(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.rawWorker(func(c net.Conn, in *bufio.Reader) {
			if _, err := readHead(in); err == nil {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
				_, _ = io.Copy(io.Discard, in)
			}
		})
		c := r.raw()
		id := c.ask(get(":method: POST"), false)
		got := c.hear(id)
		assert.Equal(t, "200", got.status)
		assert.Equal(t, "hello", got.body)
		assert.True(t, got.ended)
		c.read(func(f http2.Frame) bool { // RFC 9113 section 8.1
			rst, ok := f.(*http2.RSTStreamFrame)
			return ok && rst.StreamID == id && rst.ErrCode == http2.ErrCodeNo
		})
		r.idleAgain(u)
	})
}
