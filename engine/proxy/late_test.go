package proxy

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// soonLate is for requests that must be late. amply is for requests that must
// not be late, even on a busy machine.
const soonLate, amply = 20 * time.Millisecond, 2 * time.Second

// hurried returns a plan with a request_timeout.
func hurried(t *testing.T, slots int, limit time.Duration) *plan.Plan {
	p := capped(t, slots)
	p.Groups[0].RequestTimeout = limit
	return p
}

// TestRequestTimeout checks that the client gets a 504 and keeps its
// connection, that the app gets a disconnect, and that the request is not sent
// again.
func TestRequestTimeout(t *testing.T) {
	for name, c := range map[string]struct{ in, said string }{
		"nothing":    {http1test.Get("/"), ""},
		"a body":     {http1test.Post("Content-Length: 3\r\n") + "abc", ""},
		"a handful":  {http1test.Post("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\n\r\n", ""},
		"a beginner": {http1test.Get("/"), "HTTP/1.1 200 OK\r\nContent-"},
	} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, hurried(t, 0, soonLate))
				gone := make(chan bool, 1)
				u := r.worker("default", func(conn net.Conn, in *bufio.Reader) {
					readHead(in)
					io.WriteString(conn, c.said)
					untilGone(in)
					gone <- true
				})
				cl := r.client()
				cl.say(c.in)
				head, body := cl.hear("GET")
				assert.Contains(t, head, "504 Gateway Timeout")
				assert.Contains(t, body, "the worker did not answer in time")
				<-gone
				r.idleAgain(u)
				assert.Equal(t, 1, u.heads())
				r.pools["default"].Configure(capped(t, 0).Groups[0])
				r.pools["default"].Swap(nil, workersOf([]*upstream{u}))
				r.worker("default", serves)
				cl.say(http1test.Get("/"))
				_, body = cl.hear("GET")
				assert.Equal(t, "hello", body)
			})
		})
	}
}

// TestRequestTimeoutWithCap checks that the client gets its answer at once,
// while the slot is held until the worker has answered.
func TestRequestTimeoutWithCap(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		keeps  bool // the worker's connection is reused
	}{
		"with length": {hello, true},
		"chunked":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", true},
		"cut":         {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", false},
		"raw":         {"HTTP/1.1 200 OK\r\n\r\nabc", false},
		"interim":     {"HTTP/1.1 103 Early\r\n\r\n" + hello, true},
	} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, hurried(t, 1, soonLate))
				s := newSlow()
				u := r.worker("default", s.serve)
				cl := r.client()
				cl.say(http1test.Get("/late"))
				<-s.began
				head, body := cl.hear("GET")
				assert.Contains(t, head, "504 Gateway Timeout")
				assert.Contains(t, head, "Connection: close\r\n")
				assert.Contains(t, body, "in time")
				assert.Empty(t, cl.rest(), "nothing more comes")

				next := r.client()
				next.say(http1test.Get("/next"))
				soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "the slot is held")
				assert.Equal(t, 1, u.heads())
				s.say <- c.answer
				if !c.keeps {
					<-s.gone
				}
				assert.Contains(t, <-s.began, "/next")
				s.say <- hello
				assert.Contains(t, next.head(), "HTTP/1.1 ")
				r.idleAgain(u)
			})
		})
	}
}

// TestRequestTimeoutIsNotForTheClient checks that the time that a client takes
// to send does not count against the worker.
func TestRequestTimeoutIsNotForTheClient(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, hurried(t, 0, amply))
		u := r.worker("default", serves)
		cl := r.client()
		cl.say(http1test.Post("Content-Length: 3\r\n") + "a")
		require.Eventually(t, func() bool { return u.heads() == 1 }, patience, time.Millisecond)
		// Another request, which came later, runs out of time meanwhile.
		s := newSlow()
		r.worker("default", s.serve)
		other := r.client()
		other.say(http1test.Get("/"))
		<-s.began
		head, _ := other.hear("GET")
		require.Contains(t, head, "504")
		cl.say("bc")
		_, body := cl.hear("POST")
		assert.Equal(t, "hello", body)
		assert.Equal(t, 1, u.heads())
	})
}

// TestRequestTimeoutOfABody checks that a worker that takes none of a body has
// not answered in time either, with or without a cap.
func TestRequestTimeoutOfABody(t *testing.T) {
	const length = 64 << 20 // more than all buffers on the way
	for _, slots := range []int{0, 1} {
		eachDriver(t, func(t *testing.T, driver string) {
			r := newRig(t, driver, hurried(t, slots, soonLate))
			release := make(chan bool)
			u := r.worker("default", func(net.Conn, *bufio.Reader) { <-release })
			defer close(release)
			cl := r.client()
			cl.say(http1test.Post("Content-Length: 67108864\r\n"))
			wrote := make(chan error, 1)
			go func() {
				_, err := io.CopyN(cl, zeros{}, length)
				wrote <- err
			}()
			assert.Contains(t, cl.head(), "504 Gateway Timeout")
			r.idleAgain(u)
			cl.Close()
			<-wrote
		})
	}
}

// TestAnswerMayTakeItsTime checks that the limit ends with the first bytes of
// the answer that form a head.
func TestAnswerMayTakeItsTime(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, hurried(t, 0, amply))
		first := newSlow()
		r.worker("default", first.serve)
		cl := r.client()
		cl.say(http1test.Get("/"))
		<-first.began
		first.say <- "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"
		cl.head()
		second := newSlow()
		r.worker("default", second.serve)
		other := r.client()
		other.say(http1test.Get("/"))
		<-second.began
		head, _ := other.hear("GET")
		require.Contains(t, head, "504")
		first.say <- "llo"
		body := make([]byte, 5)
		_, err := io.ReadFull(cl.in, body)
		require.NoError(t, err)
		assert.Equal(t, "hello", string(body))
	})
}

// TestClientDisconnect checks that the setting, if present, takes precedence
// over the cap.
func TestClientDisconnect(t *testing.T) {
	for name, c := range map[string]struct {
		slots   int
		setting plan.Disconnect
		held    bool
	}{
		"cap, cancel":    {1, plan.DisconnectCancel, false},
		"no cap, finish": {0, plan.DisconnectFinish, true},
	} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				p := planOf(t, map[string]string{"default": "*", "other": "/other"})
				p.Group("default").MaxReqPerWorker = c.slots
				p.Group("default").ClientDisconnect = c.setting
				r := newRig(t, driver, p)
				s, o := newSlow(), newSlow()
				u := r.worker("default", s.serve)
				r.worker("other", o.serve)
				cl := r.client()
				cl.say(http1test.Get("/"))
				<-s.began
				cl.Close()
				if !c.held {
					<-s.gone
					r.idleAgain(u)
					return
				}
				// Wait until a client that left later is found gone.
				later := r.client()
				later.say(http1test.Get("/other"))
				<-o.began
				later.Close()
				<-o.gone
				requests, _ := u.worker.InFlight()
				assert.Equal(t, 1, requests)
				s.say <- hello
				r.idleAgain(u)
				again := r.client()
				again.say(http1test.Get("/"))
				<-s.began
				s.say <- hello
				assert.True(t, strings.HasPrefix(again.head(), "HTTP/1.1 200"))
			})
		})
	}
}
