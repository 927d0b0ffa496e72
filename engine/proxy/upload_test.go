package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
)

const goOnText = "HTTP/1.1 100 Continue\r\n\r\n"

// TestExpectContinue checks that exactly one 100 reaches a client that waits
// for it, and none reaches any other client.
func TestExpectContinue(t *testing.T) {
	const (
		length  = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 6\r\n\r\n"
		chunked = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
	)
	for _, c := range []struct {
		why, head, body string
		asked           bool
		first           string // of the body, together with the head
	}{
		{"length", length, "abcdef", true, ""},
		{"chunked", chunked, "6\r\nabcdef\r\n0\r\n\r\n", true, ""},
		{"the body has begun to arrive: RFC 9110 section 10.1.1", length, "def", false, "abc"},
		{"the whole body is there", length, "", false, "abcdef"},
		{"the chunked body has begun to arrive", chunked, "\r\nabcdef\r\n0\r\n\r\n", false, "6"},
		{"no body", "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", "", false, ""},
		{"an empty body", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n", "", false, ""},
		{"HTTP/1.0: RFC 9110 section 10.1.1", "POST / HTTP/1.0\r\nExpect: 100-continue\r\nConnection: keep-alive\r\nContent-Length: 6\r\n\r\n", "abcdef", false, ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, nil)
				// The worker sends a 100 too, as Uvicorn does when the app reads.
				u := r.worker("default", answering(goOnText+hello))
				cl := r.client()
				for range 2 {
					cl.say(c.head + c.first)
					if c.asked {
						require.Equal(t, goOnText, cl.head())
					}
					cl.say(c.body)
					head, body := cl.hear("POST")
					require.Contains(t, head, "200 OK")
					require.Equal(t, "hello", body)
				}
				assert.Len(t, u.received(), 1)
				assert.NotContains(t, u.received()[0], "Expect")
			})
		})
	}
}

// TestExpectContinueTwoWorkers checks that a retry on another worker does not
// send a second 100.
func TestExpectContinueTwoWorkers(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.worker("default", nil).ln.Close()
		r.worker("default", serves)
		c := r.client()
		c.say("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
		require.Equal(t, goOnText, c.head())
		c.say("abc")
		head, _ := c.hear("PUT")
		assert.Contains(t, head, "200 OK")
	})
}

// TestExpectContinueUnasked checks that a client that is refused, or only
// queued, is not asked for the body.
func TestExpectContinueUnasked(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		c := r.client()
		c.say("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
		r.pools["default"].SetFailed(true)
		assertRefused(t, c.rest(), 503, "no 100 before it")
	})
}

// TestAnswerToExpectation checks that an app that answers without the body
// wins: the client may no longer send it.
func TestAnswerToExpectation(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
			readHead(in)
			io.WriteString(c, "HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno")
			untilGone(in)
		})
		c := r.client()
		c.say("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
		require.Equal(t, goOnText, c.head())
		assert.Equal(t, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno", c.rest())
		r.idleAgain(u)
	})
}

// TestEarlyAnswer checks that an answer that comes before the upload has ended
// is delivered, that the connection then ends in a way that lets the client
// read it, and that the worker's connection is not reused.
func TestEarlyAnswer(t *testing.T) {
	for name, framing := range map[string]string{"length": "Content-Length: 100000000\r\n", "chunked": "Transfer-Encoding: chunked\r\n"} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, nil)
				u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
					if _, err := readHead(in); err != nil {
						return
					}
					io.WriteString(c, "HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
					untilGone(in)
				})
				c := r.client()
				c.say(http1test.Post(framing))
				part := strings.Repeat("a", 64<<10)
				if name == "chunked" {
					part = "10000\r\n" + part + "\r\n"
				}
				for range 10 { // the client has not looked for an answer yet
					c.say(part)
				}
				assert.Equal(t, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno", c.rest())
				r.idleAgain(u)
				c = r.client()
				c.say(http1test.Get("/"))
				c.hear("GET")
				assert.Len(t, u.received(), 2, "the worker's connection is not reused")
			})
		})
	}
}

// TestFullDuplex checks that an answer flows during the upload, and that both
// connections continue after both have ended, whichever ends first.
func TestFullDuplex(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
			for {
				if _, err := readHead(in); err != nil {
					return
				}
				io.WriteString(c, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
				for { // echo the chunks
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					io.WriteString(c, line)
					if line == "0\r\n" {
						readHead(in)
						io.WriteString(c, "\r\n")
						break
					}
				}
			}
		})
		c := r.client()
		for range 3 {
			c.say(http1test.Post("Transfer-Encoding: chunked\r\n"))
			require.Contains(t, c.head(), "200 OK")
			for _, chunk := range []string{"1\r\na\r\n", "2\r\nbc\r\n", "3\r\ndef\r\n", "0\r\n\r\n"} {
				c.say(chunk)
				got := make([]byte, len(chunk))
				_, err := io.ReadFull(c.in, got)
				require.NoError(t, err)
				require.Equal(t, chunk, string(got))
			}
		}
		assert.Len(t, u.received(), 1, "connections to the worker")
	})
}

// TestBrokenUpload checks that a body that ends early reaches the app as a
// disconnect, and never as a complete body.
func TestBrokenUpload(t *testing.T) {
	for why, in := range map[string]string{
		"length":                  http1test.Post("Content-Length: 10\r\n") + "abc",
		"chunked":                 http1test.Post("Transfer-Encoding: chunked\r\n") + "5\r\nabc",
		"before the final CRLF":   http1test.Post("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\n",
		"large":                   http1test.Post("Content-Length: 100000000\r\n") + strings.Repeat("a", 1<<20),
		"idempotent all the same": strings.Replace(http1test.Post("Content-Length: 10\r\n"), "POST", "PUT", 1) + "abc",
	} {
		t.Run(why, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, nil)
				ended := make(chan error, 1)
				u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
					head, err := readHead(in)
					if err != nil {
						return
					}
					ended <- readBody(in, head)
				})
				assertRefused(t, r.send(in), 400, "half-closed in the middle")
				assert.Error(t, <-ended, "the app must see that the body is incomplete")

				c := r.client()
				c.say(in)
				soon(t, func() bool { return u.heads() == 2 }, "reaches the worker")
				require.NoError(t, c.SetLinger(0))
				require.NoError(t, c.Close())
				assert.Error(t, <-ended, "reset in the middle")
				r.idleAgain(u)
				assert.Equal(t, 2, u.heads())
			})
		})
	}
}

// TestTinyChunks checks that available chunks are forwarded as one, in either
// direction, so that many small chunks do not cost a write each.
func TestTinyChunks(t *testing.T) {
	const chunks = 10000
	body := strings.Repeat("8\r\nabcdefgh\r\n", chunks) + "0\r\n\r\n"
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.worker("default", func(c net.Conn, in *bufio.Reader) {
			head, err := readHead(in)
			if err != nil {
				return
			}
			raw := &strings.Builder{}
			n, err := countBody(bufio.NewReader(io.TeeReader(in, raw)), head)
			if err != nil {
				return
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx-got: %d in %d lines\r\n\r\n", n, strings.Count(raw.String(), "\n"))
			io.WriteString(c, body)
			untilGone(in)
		})
		c := r.client()
		c.say(http1test.Post("Transfer-Encoding: chunked\r\n") + body)
		var bytes, lines int
		_, got, _ := strings.Cut(c.head(), "x-got: ")
		_, err := fmt.Sscanf(got, "%d in %d lines", &bytes, &lines)
		require.NoError(t, err, got)
		assert.Equal(t, chunks*8, bytes)
		assert.Less(t, lines, chunks/10)
		raw := &strings.Builder{}
		n, err := countBody(bufio.NewReader(io.TeeReader(c.in, raw)), "\r\nTransfer-Encoding: chunked\r\n")
		require.NoError(t, err)
		assert.EqualValues(t, chunks*8, n)
		assert.Less(t, strings.Count(raw.String(), "\n"), chunks/10)
	})
}

// TestPipelinedBehindUploads checks that the bytes after a body are the next
// request, wherever the reads happen to end.
func TestPipelinedBehindUploads(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 20<<10) // more than every buffer, and spliced
	var mixed strings.Builder
	for range 5 {
		mixed.WriteString(http1test.Post("Content-Length: 327680\r\n") + big)
		mixed.WriteString(http1test.Get("/"))
		mixed.WriteString(http1test.Post("Transfer-Encoding: chunked\r\n") + "50000\r\n" + big + "\r\n0\r\n\r\n")
		mixed.WriteString(http1test.Post("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\nX: y\r\n\r\n")
		mixed.WriteString(http1test.Get("/"))
	}
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		bodies := make(chan int, 100)
		r.worker("default", func(c net.Conn, in *bufio.Reader) {
			for {
				head, err := readHead(in)
				if err != nil {
					return
				}
				n, err := countBody(in, head)
				if err != nil {
					return
				}
				bodies <- int(n)
				io.WriteString(c, hello)
			}
		})
		c := r.client()
		sent := make(chan error, 1)
		go func() {
			_, err := io.WriteString(c, mixed.String())
			sent <- err
		}()
		for i := range 25 {
			head, _ := c.hear("POST")
			require.Contains(t, head, "200 OK", "answer %d", i)
		}
		require.NoError(t, <-sent)
		for range 5 {
			for _, want := range []int{len(big), 0, len(big), 3, 0} {
				assert.Equal(t, want, <-bodies)
			}
		}
	})
}

// TestAnswerBeforeTheBody: whatever comes after an answer to a request whose body
// has not come is the rest of that body, and not another request.
func TestAnswerBeforeTheBody(t *testing.T) {
	large := strings.Repeat("x", 400_000)
	answers := map[string]string{
		"small":       hello,
		"empty":       "HTTP/1.1 204 No Content\r\n\r\n",
		"large":       fmt.Sprintf("HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s", len(large), large),
		"chunked":     "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"until close": "HTTP/1.1 200 OK\r\n\r\nhello",
		"error":       "no HTTP\r\n\r\n",
	}
	smuggled := "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
	for name, answer := range answers {
		for kind, framing := range map[string]string{
			"length":  fmt.Sprintf("Content-Length: %d\r\n", len(smuggled)),
			"chunked": "Transfer-Encoding: chunked\r\n",
		} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				eachDriver(t, func(t *testing.T, driver string) {
					r := newRig(t, driver, nil)
					u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
						_, _ = readHead(in)
						io.WriteString(c, answer)
						if !strings.Contains(name, "close") {
							untilGone(in)
						}
					})
					c := r.client()
					c.say("POST / HTTP/1.1\r\nHost: a\r\n" + framing + "\r\n")
					c.hear("POST")
					_, _ = io.WriteString(c, smuggled) // the connection may be closed
					got, _ := io.ReadAll(c.in)
					assert.Empty(t, got)
					assert.Equal(t, 1, u.heads())
				})
			})
		}
	}
}
