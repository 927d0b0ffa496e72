package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/http1/http1test"
)

// assertRefused checks a whole answer: its status, and that it announces the
// end of the connection. The connection has already ended, because the answer
// was read to that point.
func assertRefused(t *testing.T, got string, status int, why string) {
	t.Helper()
	assert.True(t, strings.HasPrefix(got, "HTTP/1.1 "+strconv.Itoa(status)+" "), "%s: want %d, got %.200q", why, status, got)
	assert.Contains(t, got, "\r\nConnection: close\r\n", why)
	assert.Contains(t, got, "\r\nX-Request-ID: ", why)
	assert.Equal(t, 1, strings.Count(got, "HTTP/1.1 "), "%s: one answer", why)
}

// TestRefusedHeads sends every malformed head of http1test.Refusals. To add a
// case, extend that table.
func TestRefusedHeads(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", answering(hello))
		for subject, cases := range http1test.Refusals {
			t.Run(subject, func(t *testing.T) {
				for _, c := range cases {
					assertRefused(t, r.send(c.In), c.Status, c.Why)
				}
			})
		}
		assert.Empty(t, u.received(), "nothing reaches the worker")
	})
}

// TestRefusedChunks sends every malformed body of http1test.BadChunks together
// with its head. To add a case, extend that table.
func TestRefusedChunks(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", answering(hello))
		head := http1test.Post("Transfer-Encoding: chunked\r\n")
		for _, c := range http1test.BadChunks {
			if len(head)+len(c.In) <= headBuffer {
				assertRefused(t, r.send(head+c.In), c.Status, c.Why)
			}
		}
		assert.Empty(t, u.received(), "nothing reaches the worker")
	})
}

// TestRefusedChunksBehindHead sends them after the head has reached the worker.
func TestRefusedChunksBehindHead(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", answering(hello))
		for i, c := range http1test.BadChunks {
			cl := r.client()
			cl.say(http1test.Post("Transfer-Encoding: chunked\r\n"))
			soon(t, func() bool { return u.heads() > i }, "the head reaches the worker")
			cl.say(c.In)
			require.NoError(t, cl.CloseWrite())
			assertRefused(t, cl.rest(), c.Status, c.Why)
		}
		for _, got := range u.received() {
			assert.NotContains(t, got, "\r\n0\r\n", "the end of a body never reaches the worker")
		}
		r.idleAgain(u)
	})
}

// TestHeadTimeout checks that a head that has begun must be complete in time,
// even if its bytes drip (slowloris).
func TestHeadTimeout(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t, map[string]string{"default": "*"})
		p.HeaderTimeout = 200 * time.Millisecond
		r := newRig(t, driver, p)
		u := r.worker("default", answering(hello))
		for name, part := range map[string]string{
			"one byte":        "G",
			"half a head":     "GET / HTTP/1.1\r\nHost: a\r\n",
			"large head":      "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", 10<<10),
			"after a request": http1test.Get("/") + "GET /",
		} {
			c := r.client()
			c.say(part)
			if name == "after a request" {
				c.hear("GET")
			}
			assertRefused(t, c.rest(), 408, name)
		}
		dripped := r.client()
		answered, over := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(over)
			for {
				if _, err := io.WriteString(dripped, "X"); err != nil {
					return
				}
				select {
				case <-time.After(5 * time.Millisecond):
				case <-answered: // if the client keeps sending, the server lingers long
					return
				}
			}
		}()
		_, _ = dripped.in.Peek(1)
		close(answered)
		got, _ := io.ReadAll(dripped.in)
		assertRefused(t, string(got), 408, "a byte at a time")
		<-over
		assert.Equal(t, 1, u.heads())
	})
}

// TestIdleTimeout checks that connections without a request are closed
// silently.
func TestIdleTimeout(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t, map[string]string{"default": "*"})
		p.IdleTimeout = 100 * time.Millisecond
		r := newRig(t, driver, p)
		r.worker("default", answering(hello))
		assert.Empty(t, r.client().rest(), "no byte must come")
		c := r.client()
		c.say(http1test.Get("/"))
		_, body := c.hear("GET")
		assert.Equal(t, "hello", body)
		assert.Empty(t, c.rest(), "after a request")
	})
}

// TestRefusedBehindOthers checks that answers come in order, with the answers
// to good requests before the refusal.
func TestRefusedBehindOthers(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", answering(hello))
		c := r.client()
		c.say(http1test.Get("/") + http1test.Get("/") + "GET /\x00 HTTP/1.1\r\n\r\n" + http1test.Get("/never"))
		for range 2 {
			head, _ := c.hear("GET")
			assert.Contains(t, head, "200 OK")
		}
		assertRefused(t, c.rest(), 400, "the third")
		assert.Equal(t, 2, u.heads())
	})
}

// TestRefusalText checks the text of errors.
func TestRefusalText(t *testing.T) {
	const text = "Content-Type: text/plain; charset=utf-8\r\n"
	for _, c := range []struct{ name, in, want string }{
		{"text", "GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
			"HTTP/1.1 404 Not Found\r\n" + text + "Content-Length: 71\r\nDate: NOW\r\nX-Request-ID: ID\r\nConnection: close\r\n\r\n" +
				"404 Not Found: no route matches this path\nrequest id: ID\n"},
		{"the client's id", "GET /none HTTP/1.1\r\nHost: a\r\nX-Request-Id: 7:a-b\r\nConnection: close\r\n\r\n",
			"HTTP/1.1 404 Not Found\r\n" + text + "Content-Length: 60\r\nDate: NOW\r\nX-Request-ID: 7:a-b\r\nConnection: close\r\n\r\n" +
				"404 Not Found: no route matches this path\nrequest id: 7:a-b\n"},
		{"JSON", "GET /none HTTP/1.1\r\nHost: a\r\nAccept: application/json, */*\r\nConnection: close\r\n\r\n",
			"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 84\r\nDate: NOW\r\nX-Request-ID: ID\r\nConnection: close\r\n\r\n" +
				`{"status":404,"error":"no route matches this path","request_id":"ID"}` + "\n"},
		{"a browser", "GET /none HTTP/1.1\r\nHost: a\r\nAccept: text/html, application/json\r\nConnection: close\r\n\r\n",
			"HTTP/1.1 404 Not Found\r\n" + text + "Content-Length: 71\r\nDate: NOW\r\nX-Request-ID: ID\r\nConnection: close\r\n\r\n" +
				"404 Not Found: no route matches this path\nrequest id: ID\n"},
		{"HEAD", "HEAD /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
			"HTTP/1.1 404 Not Found\r\n" + text + "Content-Length: 71\r\nDate: NOW\r\nX-Request-ID: ID\r\nConnection: close\r\n\r\n"},
		{"HTTP/1.0 with keep-alive", "GET /none HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
			"HTTP/1.1 404 Not Found\r\n" + text + "Content-Length: 71\r\nDate: NOW\r\nX-Request-ID: ID\r\nConnection: keep-alive\r\n\r\n" +
				"404 Not Found: no route matches this path\nrequest id: ID\n"},
		{"405", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
			"HTTP/1.1 405 Method Not Allowed\r\n" + text + "Content-Length: 72\r\nDate: NOW\r\nX-Request-ID: ID\r\n" +
				"Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\nConnection: close\r\n\r\n" +
				"405 Method Not Allowed: method not allowed\nrequest id: ID\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, planOf(t, map[string]string{"default": "/only"}))
				r.worker("default", func(net.Conn, *bufio.Reader) {})
				assert.Equal(t, c.want, plain(r.send(c.in)))
			})
		})
	}
}

// TestRefusalText_Malformed checks that a client that asks for JSON gets it,
// whatever is wrong with its head and wherever the Accept field stands.
func TestRefusalText_Malformed(t *testing.T) {
	long := strings.Repeat("a", 100<<10)
	for name, c := range map[string]struct {
		head   string // before Accept
		status string
	}{
		"target":         {"GET /a%zz HTTP/1.1\r\nHost: a\r\n", "400"},
		"dot segment":    {"GET /a/../b HTTP/1.1\r\nHost: a\r\n", "400"},
		"empty lines":    {"\r\n\r\nGET /a%zz HTTP/1.1\r\nHost: a\r\n", "400"},
		"request line":   {"GET /a b HTTP/1.1\r\nHost: a\r\n", "400"},
		"version":        {"GET / HTTP/3.0\r\nHost: a\r\n", "505"},
		"method":         {"TRACE / HTTP/1.1\r\nHost: a\r\n", "405"},
		"host":           {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n", "400"},
		"no host":        {"GET / HTTP/1.1\r\n", "400"},
		"field":          {"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n", "400"},
		"bare line feed": {"GET / HTTP/1.1\nHost: a\r\n", "400"},
		"both framings":  {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n", "400"},
		"expectation":    {"POST / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n", "417"},
	} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, nil)
				r.worker("default", func(net.Conn, *bufio.Reader) {})
				for accept, media := range map[string]string{
					"Accept: application/json\r\n":                "application/json",
					"ACCEPT:application/problem+json, text/*\r\n": "application/json",
					"Accept: text/html, application/json\r\n":     "text/plain",
					"X-Accept: application/json\r\n":              "text/plain",
					"\r\nAccept: application/json\r\n":            "text/plain", // after the head
				} {
					got := r.send(c.head + accept + "\r\n")
					assert.Contains(t, got, "HTTP/1.1 "+c.status+" ")
					assert.Contains(t, got, "Content-Type: "+media, "%q", accept)
				}
			})
		})
	}
	for _, rest := range []string{"", "\r\n", ":", "\n", "GET /", long, "GET / HTTP/1.1\r\nAccept: application/json"} {
		assert.Nil(t, acceptOf([]byte(rest)), "%.20q", rest)
	}
}

// TestRefusalText_Phrase checks that the body has the reason phrase of the
// status line.
func TestRefusalText_Phrase(t *testing.T) {
	for status := 400; status < 600; status++ {
		line := string(http1.AppendStatusLine(nil, status))
		phrase := strings.TrimSpace(strings.TrimPrefix(line, fmt.Sprintf("HTTP/1.1 %d ", status)))
		assert.Equal(t, fmt.Sprintf("%d %s: why\nrequest id: 7\n", status, phrase), string(appendErrorText(nil, status, "why", []byte("7"))))
	}
}

// TestKeepAliveAfterErrors checks that an error ends the connection only if the
// body of the request is still to come.
func TestKeepAliveAfterErrors(t *testing.T) {
	for _, c := range []struct {
		name, in string
		keep     bool
	}{
		{"no body", "GET /none HTTP/1.1\r\nHost: a\r\n\r\n", true},
		{"HEAD", "HEAD /none HTTP/1.1\r\nHost: a\r\n\r\n", true},
		{"body that came with the head", "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", true},
		{"chunked body that came with the head", "POST /none HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n", true},
		{"body still to come", "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabc", false},
		{"chunked body still to come", "POST /none HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", false},
		{"body that waits for 100", "POST /none HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", false},
		{"HTTP/1.0", "GET /none HTTP/1.0\r\n\r\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, planOf(t, map[string]string{"default": "/only"}))
				u := r.worker("default", answering(hello))
				cl := r.client()
				cl.say(c.in)
				method, _, _ := strings.Cut(c.in, " ")
				head, _ := cl.hear(method)
				assert.Contains(t, head, "404 Not Found")
				assert.Equal(t, !c.keep, strings.Contains(head, "Connection: close"))
				if !c.keep {
					assert.Empty(t, cl.rest())
					assert.Empty(t, u.received())
					return
				}
				cl.say("GET /only HTTP/1.1\r\nHost: a\r\n\r\n")
				_, body := cl.hear("GET")
				assert.Equal(t, "hello", body)
			})
		})
	}
}
