package proxy

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
)

// TestRelayedAnswers checks each kind of answer: the bytes that the client
// gets, whether its connection continues, and whether the worker's connection
// serves another request.
func TestRelayedAnswers(t *testing.T) {
	const (
		get   = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
		head  = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
		get10 = "GET / HTTP/1.0\r\n\r\n"
		keep  = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
		te    = "GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: trailers\r\n\r\n"
	)
	for _, c := range []struct {
		why, in, answer, want string
		closed                bool // whether the client's connection ends
		fresh                 bool // the next request needs a new connection to the worker
	}{
		{why: "order, case, reason and fields as they came", in: get,
			answer: "HTTP/1.1 299 Very Good\r\nsErver: x\r\nSet-Cookie: a\r\nset-cookie: b\r\ncontent-length: 2\r\nX_Y: \xe9\r\n\r\nok",
			want:   "HTTP/1.1 299 Very Good\r\nsErver: x\r\nSet-Cookie: a\r\nset-cookie: b\r\nX_Y: \xe9\r\nContent-Length: 2\r\n\r\nok"},
		{why: "no body is decoded, nor told to be encoded otherwise", in: get,
			answer: "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nVary: Accept-Encoding\r\ncontent-length: 4\r\n\r\n\x1f\x8b\x00\r",
			want:   "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nVary: Accept-Encoding\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x00\r"},
		{why: "no reason", in: get,
			answer: "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n",
			want:   "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"},
		{why: "hop-by-hop fields: RFC 9110 section 7.6.1", in: get,
			answer: "HTTP/1.1 200 OK\r\nConnection: X-Hop, keep-alive\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n",
			want:   "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{why: "HEAD has the length and no body", in: head,
			answer: "HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n",
			want:   "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"},
		{why: "HEAD of a chunked answer, which the app may still be writing", in: head, fresh: true,
			answer: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
			want:   "HTTP/1.1 200 OK\r\n\r\n"},
		{why: "HEAD without length, likewise", in: head, fresh: true,
			answer: "HTTP/1.1 200 OK\r\n\r\n",
			want:   "HTTP/1.1 200 OK\r\n\r\n"},
		{why: "204 has no body and no length: RFC 9110 section 8.6", in: get,
			answer: "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n",
			want:   "HTTP/1.1 204 No Content\r\n\r\n"},
		{why: "304 has the length of what it does not send, or sends later", in: get, fresh: true,
			answer: "HTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\nETag: x\r\n\r\n",
			want:   "HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 99\r\n\r\n"},
		{why: "chunked, recoded", in: get,
			answer: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=b\r\nab\r\n01\r\nc\r\n0\r\nX: y\r\n\r\n",
			want:   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
		{why: "chunked and empty", in: get,
			answer: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
			want:   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{why: "trailers for a client that takes them: RFC 9110 section 6.5.1", in: te,
			answer: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\nContent-Length: 5\r\nSet-Cookie: z\r\n\r\n",
			want:   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n"},
		{why: "chunked for HTTP/1.0 ends with the connection", in: keep, closed: true,
			answer: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
			want:   "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc"},
		{why: "HTTP/1.0", in: get10, closed: true,
			answer: hello,
			want:   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"},
		{why: "HTTP/1.0 with keep-alive", in: keep,
			answer: hello,
			want:   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"},
		{why: "the client ends the connection", in: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", closed: true,
			answer: hello,
			want:   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"},
		{why: "the worker ends its connection, not the client's", in: get, fresh: true,
			answer: "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
			want:   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
		{why: "a worker of HTTP/1.0", in: get, fresh: true,
			answer: "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
			want:   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
		{why: "103 is passed on: RFC 8297", in: get,
			answer: "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + hello,
			want:   "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
		{why: "HTTP/1.0 knows no interim answers: RFC 9110 section 15.2", in: keep,
			answer: "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + hello,
			want:   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"},
		{why: "100 is ours to give", in: get,
			answer: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + hello,
			want:   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
		{why: "bytes behind the body are nobody's: CVE-2022-37436 class", in: get, fresh: true,
			answer: hello + "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
			want:   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
		{why: "bytes behind a chunked body", in: get, fresh: true,
			answer: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
			want:   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{why: "a body behind a 204", in: get, fresh: true,
			answer: "HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\nevil",
			want:   "HTTP/1.1 204 No Content\r\n\r\n"},
		{why: "a length of a 204, whose body may come later", in: get, fresh: true,
			answer: "HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\n",
			want:   "HTTP/1.1 204 No Content\r\n\r\n"},
		{why: "a chunked 304, likewise", in: get, fresh: true,
			answer: "HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n",
			want:   "HTTP/1.1 304 Not Modified\r\n\r\n"},
		{why: "304 without a length", in: get,
			answer: "HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n",
			want:   "HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"},
		{why: "a body behind an answer to HEAD", in: head, fresh: true,
			answer: hello,
			want:   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
		{why: "an offered h2c is not taken, nor is 101 possible", in: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
			answer: hello,
			want:   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
	} {
		t.Run(c.why, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, nil)
				u := r.worker("default", answering(c.answer))
				cl := r.client()
				for range 2 {
					cl.say(c.in)
					got := make([]byte, len(c.want))
					_, err := io.ReadFull(cl.in, got)
					require.NoError(t, err, "%q", got)
					require.Equal(t, c.want, string(got))
					if c.closed {
						assert.Empty(t, cl.rest())
						cl = r.client()
					}
				}
				r.idleAgain(u)
				want := 1
				if c.fresh {
					want = 2
				}
				assert.Len(t, u.received(), want, "connections to the worker")
			})
		})
	}
}

// TestAnswerUntilClose checks that a body without a length ends with the
// connection, whose descriptor is then closed.
func TestAnswerUntilClose(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
			if _, err := readHead(in); err != nil {
				return
			}
			for _, s := range []string{"HTTP/1.1 200 OK\r\n\r\n", "ab", "cd"} {
				io.WriteString(c, s)
			}
		})
		for range 3 {
			c := r.client()
			c.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
			assert.Equal(t, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcd", c.rest())
		}
		assert.Len(t, u.received(), 3)
		r.idleAgain(u)
	})
}

// TestUnsolicitedBytes checks that bytes from an idle worker never become the
// answer to the next request, whenever they come (response splitting).
func TestUnsolicitedBytes(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		answered, said := make(chan bool), make(chan bool)
		u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
			if _, err := readHead(in); err != nil {
				return
			}
			io.WriteString(c, hello)
			<-answered
			io.WriteString(c, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")
			said <- true
			untilGone(in)
		})
		c := r.client()
		for i := range 10 {
			// POST is not idempotent, so it must not be sent on the spoilt
			// connection.
			c.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
			_, body := c.hear("POST")
			require.Equal(t, "hello", body)
			answered <- true
			<-said
			require.LessOrEqual(t, len(u.received()), i+1)
		}
		assert.Len(t, u.received(), 10)
	})
}

// TestUnsolicitedBytesWhileAnswering checks the same for bytes that arrive
// while the client is still receiving its answer.
func TestUnsolicitedBytesWhileAnswering(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		size := 16 << 20
		u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
			if _, err := readHead(in); err != nil {
				return
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\ncontent-length: 16777216\r\n\r\n")
			io.CopyN(c, zeros{}, int64(size-1))
			// The extra bytes come with the last byte, so that they are there
			// before the client, which waits for that byte, can send another
			// request.
			io.WriteString(c, "\x00HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")
			untilGone(in)
		})
		c := r.client()
		for range 3 {
			c.say(http1test.Get("/"))
			_, body := c.hear("GET")
			require.Len(t, body, size)
		}
		assert.Len(t, u.received(), 3)
	})
}

// zeros is a reader of endless NUL bytes.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestFlush checks that each part of an answer reaches the client when the app
// sends it, without buffering.
func TestFlush(t *testing.T) {
	for name, framing := range map[string]string{"chunked": "transfer-encoding: chunked\r\n", "length": "content-length: 300\r\n", "until close": ""} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, nil)
				next := make(chan bool)
				r.worker("default", func(c net.Conn, in *bufio.Reader) {
					if _, err := readHead(in); err != nil {
						return
					}
					io.WriteString(c, "HTTP/1.1 200 OK\r\n"+framing+"\r\n")
					for range next {
						part := "abc"
						if name == "chunked" {
							part = "3\r\nabc\r\n"
						}
						io.WriteString(c, part)
					}
				})
				defer close(next)
				c := r.client()
				c.say(http1test.Get("/"))
				c.head()
				want := "abc"
				if name == "chunked" {
					want = "3\r\nabc\r\n"
				}
				for range 3 {
					next <- true
					got := make([]byte, len(want))
					_, err := io.ReadFull(c.in, got)
					require.NoError(t, err)
					assert.Equal(t, want, string(got))
				}
			})
		})
	}
}

// TestSplitEverywhere cuts the bytes of requests and answers in two at every
// position.
func TestSplitEverywhere(t *testing.T) {
	const (
		request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\nb\r\n0123456789a\r\n0\r\nX: y\r\n\r\n" +
			"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nwxyz"
		answer = "HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\nb\r\n0123456789a\r\n0\r\nX: y\r\n\r\n"
	)
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		var cutAt atomic.Int32
		u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
			for {
				head, err := readHead(in)
				if err != nil || readBody(in, head) != nil {
					return
				}
				cut := cutAt.Load()
				io.WriteString(c, answer[:cut])
				io.WriteString(c, answer[cut:])
			}
		})
		for i := range max(len(request), len(answer)) {
			cut, at := i%len(answer), i%len(request)
			cutAt.Store(int32(cut))
			c := r.client()
			c.say(request[:at])
			c.say(request[at:])
			for range 2 {
				assert.Contains(t, c.head(), "103 Early")
				_, body := c.hear("POST")
				require.Equal(t, "abc0123456789a", body, "request cut at %d, answer at %d", at, cut)
			}
		}
		for _, got := range u.received() {
			assert.Equal(t, strings.Count(got, "\r\nHost: a"), strings.Count(got, "wxyz")+strings.Count(got, "\r\n0\r\n\r\n"))
		}
	})
}
