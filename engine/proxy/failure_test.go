package proxy

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// A manner is the way in which a worker behaves on each of its connections.
type manner func(c net.Conn, in *bufio.Reader)

var (
	// closes ends the connection after a head has come.
	closes manner = func(_ net.Conn, in *bufio.Reader) { readHead(in) }
	// slams ends the connection at once.
	slams manner = func(net.Conn, *bufio.Reader) {}
	// serves answers correctly.
	serves manner = answering(hello)
)

// says sends these bytes and ends the connection.
func says(raw string) manner {
	return func(c net.Conn, in *bufio.Reader) {
		readHead(in)
		io.WriteString(c, raw)
	}
}

// answers reads the whole request, sends these bytes, and ends the connection.
func answers(raw string) manner {
	return func(c net.Conn, in *bufio.Reader) {
		reads(c, in)
		io.WriteString(c, raw)
	}
}

// once serves one request, and then behaves like m.
func once(m manner) manner {
	return func(c net.Conn, in *bufio.Reader) {
		readHead(in)
		io.WriteString(c, hello)
		if _, err := in.Peek(1); err == nil {
			m(c, in)
		}
	}
}

// reads reads the whole request and ends the connection.
func reads(_ net.Conn, in *bufio.Reader) {
	if head, err := readHead(in); err == nil {
		_ = readBody(in, head)
	}
}

// TestWorkerFailures checks what a client gets, and how often its request is
// sent, when workers fail. The proxy tries the workers in order.
func TestWorkerFailures(t *testing.T) {
	const (
		get  = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
		put  = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
		post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
		wide = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
		hand = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	)
	for _, c := range []struct {
		why     string
		workers []manner // nil = its socket refuses
		in      string
		status  string
		sent    int  // heads that reached workers, without those of the warm-up
		warm    int  // earlier requests, which succeed
		closed  bool // whether the client's connection ends afterwards
	}{
		{why: "refused, and another serves", workers: []manner{nil, serves}, in: post, status: "200", sent: 1},
		{why: "refused twice, and the third serves", workers: []manner{nil, nil, serves}, in: post, status: "200", sent: 1},
		{why: "GET: closed before an answer, another serves", workers: []manner{closes, serves}, in: get, status: "200", sent: 2},
		{why: "GET: closed without a look at it, another serves", workers: []manner{slams, serves}, in: get, status: "200", sent: 1},
		{why: "GET: sent again once", workers: []manner{closes, closes, serves}, in: get, status: "502", sent: 2},
		{why: "GET that no worker reads: twice at most", workers: []manner{slams, slams, slams, serves}, in: get, status: "502", sent: 0},
		{why: "PUT with its body at hand", workers: []manner{reads, serves}, in: put, status: "200", sent: 2},
		{why: "POST is never sent twice", workers: []manner{reads, serves}, in: post, status: "502", sent: 1},
		{why: "chunked POST is never sent twice", workers: []manner{reads, serves}, in: wide, status: "502", sent: 1},
		{why: "POST on a reused connection is not sent twice either", workers: []manner{once(reads)}, in: post, status: "502", sent: 1, warm: 1},
		{why: "GET on a reused connection that ends before an answer", workers: []manner{once(closes)}, in: get, status: "200", sent: 2, warm: 1},
		{why: "a handshake is not repeated", workers: []manner{closes, serves}, in: hand, status: "502", sent: 1},
		{why: "GET: a part of a head, and the end", workers: []manner{says("HTTP/1.1 200 OK\r\nX"), serves}, in: get, status: "200", sent: 2},
		{why: "GET: a head without its body, and the end", workers: []manner{says("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"), serves}, in: get, status: "200", sent: 2},
		{why: "GET: such a head, as often as one comes", workers: []manner{says("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"), says("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"), serves}, in: get, status: "502", sent: 2},
		{why: "POST: a part of a head, and the end", workers: []manner{answers("HTTP/1.1 200 OK\r\nX"), serves}, in: post, status: "502", sent: 1},
		{why: "POST: a head without its body, and the end", workers: []manner{answers("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"), serves}, in: post, status: "502", sent: 1},
		{why: "GET: an interim answer, and the end", workers: []manner{says("HTTP/1.1 103 Early\r\n\r\n"), serves}, in: get, status: "103 Early\r\n\r\nHTTP/1.1 200", sent: 2},
		{why: "101 that nobody asked for", workers: []manner{says("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")}, in: get, status: "502", sent: 1, closed: true},
		{why: "101 to something else than was asked for", workers: []manner{says("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")}, in: hand, status: "502", sent: 1, closed: true},
		{why: "a malformed chunk together with the head", workers: []manner{says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n"), serves}, in: get, status: "502", sent: 1, closed: true},
	} {
		t.Run(c.why, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, nil)
				us := r.workers("default", c.workers...)
				for i, m := range c.workers {
					if m == nil {
						us[i].ln.Close()
					}
				}
				cl := r.client()
				for range c.warm {
					cl.say(get)
					cl.hear("GET")
					r.idleAgain(us...)
				}
				cl.say(c.in)
				var got string
				for strings.Count(c.status, "HTTP/1.1 ") >= strings.Count(got, "HTTP/1.1 ") {
					head := cl.head()
					got += head
					_, err := cl.in.Discard(lengthOf(head))
					require.NoError(t, err)
				}
				assert.True(t, strings.HasPrefix(got, "HTTP/1.1 "+c.status+" "), "want %s, got %q", c.status, got)
				r.idleAgain(us...)
				sent := -c.warm
				for _, u := range us {
					sent += u.heads()
				}
				assert.Equal(t, c.sent, sent, "times the request was sent")
				assert.Equal(t, c.closed, strings.Contains(got, "Connection: close\r\n"), "%q", got)
				if c.closed {
					assert.Empty(t, cl.rest())
					return
				}
				// The client's connection continues to serve.
				r.pools["default"].Swap(nil, workersOf(us))
				r.worker("default", serves)
				cl.say(get)
				_, body := cl.hear("GET")
				assert.Equal(t, "hello", body)
			})
		})
	}
}

func workersOf(us []*upstream) (ws []*pool.Worker) {
	for _, u := range us {
		ws = append(ws, u.worker)
	}
	return ws
}

// TestStaleConnection checks that a worker that ends its idle connection costs
// nothing, not even a request that must not be sent twice: it has not been
// sent.
func TestStaleConnection(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		closed := make(chan bool, 1)
		u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
			if head, err := readHead(in); err != nil || readBody(in, head) != nil {
				return
			}
			io.WriteString(c, hello)
			c.Close()
			closed <- true
		})
		c := r.client()
		for range 20 {
			c.say(http1test.Post("Content-Length: 3\r\n") + "abc")
			head, _ := c.hear("POST")
			require.Contains(t, head, "200 OK")
			<-closed
		}
		assert.Equal(t, 20, u.heads())
	})
}

// TestMalformedAnswers sends every answer of http1test.BadAnswers. To add a
// case, extend that table.
func TestMalformedAnswers(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		answers := make(chan string, 1)
		u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
			if _, err := readHead(in); err != nil {
				return
			}
			io.WriteString(c, <-answers)
			untilGone(in) // the proxy closes it
		})
		for i, c := range http1test.BadAnswers {
			answers <- c.In
			got := r.send(http1test.Get("/"))
			assertRefused(t, got, 502, c.Why)
			assert.NotContains(t, got, " 200 ", c.Why)
			assert.Equal(t, i+1, u.heads(), "%s: sent once", c.Why)
		}
		r.idleAgain(u)
	})
}

// TestAnswersCut checks that an answer that has begun and does not end properly
// does not look complete to the client.
func TestAnswersCut(t *testing.T) {
	const get, get10 = "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"
	for _, c := range []struct {
		why, in, first, then, want string
		reset                      bool // because the end of the stream would end the answer
	}{
		{why: "end in a body of known length", in: get,
			first: "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", then: "d",
			want: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcd"},
		{why: "end in a chunked body", in: get,
			first: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", then: "5\r\nd",
			want: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n"},
		{why: "end before the last chunk", in: get,
			first: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", then: "0\r\n",
			want: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"},
		{why: "malformed chunk", in: get,
			first: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", then: "0x3\r\nabc\r\n0\r\n\r\n",
			want: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"},
		{why: "end in a chunked body, for HTTP/1.0", in: get10, reset: true,
			first: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", then: "5\r\nd"},
		{why: "malformed chunk, for HTTP/1.0", in: get10, reset: true,
			first: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", then: "x"},
	} {
		t.Run(c.why, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, nil)
				heard := make(chan bool)
				u := r.worker("default", func(conn net.Conn, in *bufio.Reader) {
					if _, err := readHead(in); err != nil {
						return
					}
					io.WriteString(conn, c.first)
					<-heard
					io.WriteString(conn, c.then)
				})
				cl := r.client()
				cl.say(c.in)
				head := cl.head()
				_, err := cl.in.Peek(3)
				require.NoError(t, err)
				heard <- true
				rest, err := io.ReadAll(cl.in)
				if c.reset {
					assert.Error(t, err, "a clean end after %q%q", head, rest)
				} else {
					assert.NoError(t, err)
					assert.Equal(t, c.want, head+string(rest))
				}
				r.idleAgain(u)
				assert.Equal(t, 1, u.heads(), "an answer that has begun is never repeated")
			})
		})
	}
}

// TestWaitForWorkers checks that requests wait while there is no worker, and
// get an answer when none can come.
func TestWaitForWorkers(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		c := r.client()
		c.say(http1test.Get("/"))
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
		r.worker("default", serves)
		_, body := c.hear("GET")
		assert.Equal(t, "hello", body)
	})
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		c := r.client()
		c.say(http1test.Get("/"))
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
		r.pools["default"].SetFailed(true)
		for range 2 {
			head, body := c.hear("GET")
			assert.Contains(t, head, "HTTP/1.1 503 Service Unavailable\r\n")
			assert.Contains(t, head, "\r\nRetry-After: 1\r\n")
			assert.Contains(t, body, "no worker is available")
			c.say(http1test.Get("/"))
		}
	})
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t, map[string]string{"default": "*"})
		p.StartupTimeout = 1
		r := newRig(t, driver, p)
		assert.Contains(t, r.send(http1test.Get("/")), "HTTP/1.1 503 ", "after startup_timeout")
	})
}

// TestRemovedGroup checks that a request for a group that was just removed is
// routed again.
func TestRemovedGroup(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		c := r.client()
		c.say(http1test.Get("/"))
		old := r.pools["default"]
		soon(t, func() bool { return old.Queued() == 1 }, "queued")
		r.pools["default"] = pool.New(r.plan.Groups[0])
		r.publish()
		r.worker("default", serves)
		old.Close()
		_, body := c.hear("GET")
		assert.Equal(t, "hello", body)
	})
}

// TestRemovedGroupKeepsBody: a body that was accepted stays accepted, although
// the plan that the request is decided by again would refuse it.
func TestRemovedGroupKeepsBody(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		c := r.client()
		c.say(http1test.Post("Content-Length: 5\r\n") + "hello")
		old := r.pools["default"]
		soon(t, func() bool { return old.Queued() == 1 }, "queued")
		next := *r.plan
		next.MaxBodySize = 1
		r.plan = &next
		r.pools["default"] = pool.New(r.plan.Groups[0])
		r.publish()
		u := r.worker("default", answering(hello))
		old.Close()
		head, _ := c.hear("POST")
		assert.Contains(t, head, " 200 ")
		assert.Contains(t, u.received()[0], "\r\n\r\nhello")
		assert.Contains(t, r.send(http1test.Post("Content-Length: 5\r\n")+"hello"), " 413 ")
	})
}
