package proxy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
)

// TestInHand checks that each request shows what it is waiting for, and that
// requests that have ended do not show.
func TestInHand(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, capped(t, 1))
		s := newSlow()
		u := r.worker("default", s.serve)
		working, waiting := r.client(), r.client()
		working.say("GET /a?secret=x HTTP/1.1\r\nHost: a\r\nX-Request-ID: one\r\n\r\n")
		<-s.began
		waiting.say("POST /" + strings.Repeat("b", 300) + " HTTP/1.1\r\nHost: a\r\nX-Request-ID: two\r\nContent-Length: 3\r\n\r\nabc")
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "nobody waits")

		all, total := r.proxy.InHand(10)
		require.Len(t, all, 2)
		assert.Equal(t, 2, total)
		one, two := all[0], all[1]
		assert.Equal(t, []string{"one", "GET", "/a", "default", "working"}, []string{one.ID, one.Method, one.Path, one.Group, string(one.Stage)})
		assert.Equal(t, 0, one.Worker)
		assert.Equal(t, "127.0.0.1", one.Client.String())
		assert.Zero(t, one.Queued)
		assert.Equal(t, []string{"two", "POST", "default", "queued"}, []string{two.ID, two.Method, two.Group, string(two.Stage)})
		assert.Len(t, two.Path, maxShownPath)
		assert.Equal(t, -1, two.Worker)
		assert.Positive(t, two.Queued)
		assert.GreaterOrEqual(t, one.Age, two.Age)
		assert.GreaterOrEqual(t, two.Age, two.Queued)

		oldest, total := r.proxy.InHand(1)
		assert.Equal(t, 2, total)
		require.Len(t, oldest, 1)
		assert.Equal(t, "one", oldest[0].ID)

		s.say <- chunkedHead + "1\r\na\r\n"
		working.head()
		all, _ = r.proxy.InHand(10)
		assert.Equal(t, StageAnswering, all[0].Stage)
		s.say <- "0\r\n\r\n"
		<-s.began
		s.say <- hello
		waiting.hear("POST")
		soon(t, func() bool { _, n := r.proxy.InHand(10); return n == 0 }, "still in hand")
		r.idleAgain(u)
	})
}

// TestInHandAfterPanic checks that a request that ended in a panic is no longer
// in hand.
func TestInHandAfterPanic(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", serves)
		for _, loop := range r.proxy.driver.Loops() {
			u.worker.PutIdle(panicky{loop: loop}, 0)
		}
		c := r.client()
		c.say(http1test.Get("/"))
		c.rest()
		_, total := r.proxy.InHand(10)
		assert.Zero(t, total)
	})
}

// TestInHandLate: a request that was answered 504 while the worker goes on with
// it shows as working.
func TestInHandLate(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, hurried(t, 1, soonLate))
		s := newSlow()
		u := r.worker("default", s.serve)
		c := r.client()
		c.say(http1test.Get("/"))
		<-s.began
		head, _ := c.hear("GET")
		require.Contains(t, head, " 504 ")
		soon(t, func() bool {
			all, _ := r.proxy.InHand(1)
			return len(all) == 1 && all[0].Stage == StageWorking
		}, "the request does not show as working")
		s.say <- hello
		r.idleAgain(u)
	})
}

// TestInHandShowsLittle: a client cannot make the list of requests long.
func TestInHandShowsLittle(t *testing.T) {
	r := newRig(t, "goroutine", nil)
	s := newSlow()
	r.worker("default", s.serve)
	r.client().say(strings.Repeat("G", 30_000) + " /" + strings.Repeat("p", 30_000) + " HTTP/1.1\r\nHost: a\r\nX-Request-ID: " + strings.Repeat("i", 200) + "\r\n\r\n")
	<-s.began
	all, _ := r.proxy.InHand(1)
	require.Len(t, all, 1)
	assert.Len(t, all[0].Method, maxShownMethod)
	assert.Len(t, all[0].Path, maxShownPath)
	assert.LessOrEqual(t, len(all[0].ID), maxIDLen)
}

// TestInHandWebsocket: a websocket is not in hand once it is open.
func TestInHandWebsocket(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.worker("default", echoing)
		c := r.client()
		c.say(handshake)
		require.Contains(t, c.head(), " 101 ")
		soon(t, func() bool { _, n := r.proxy.InHand(1); return n == 0 }, "still in hand")
	})
}
