package proxy

import (
	"strings"
	"sync"
	"testing"
	"time"

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

		all, total := r.inHand(10)
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

		oldest, total := r.inHand(1)
		assert.Equal(t, 2, total)
		require.Len(t, oldest, 1)
		assert.Equal(t, "one", oldest[0].ID)

		s.say <- chunkedHead + "1\r\na\r\n"
		working.head()
		all, _ = r.inHand(10)
		assert.Equal(t, StageAnswering, all[0].Stage)
		s.say <- "0\r\n\r\n"
		<-s.began
		s.say <- hello
		waiting.hear("POST")
		soon(t, func() bool { _, n := r.inHand(10); return n == 0 }, "still in hand")
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
		_, total := r.inHand(10)
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
			all, _ := r.inHand(1)
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
	all, _ := r.inHand(1)
	require.Len(t, all, 1)
	assert.Len(t, all[0].Method, maxShownMethod)
	assert.Len(t, all[0].Path, maxShownPath)
	assert.LessOrEqual(t, len(all[0].ID), maxIDLen)
}

// TestInHandWebsocket: a websocket is no request once it is open, and shows itself
// where websockets are asked for.
func TestInHandWebsocket(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", echoing)
		c := r.client()
		c.say(strings.Replace(handshake, "\r\n", "\r\nX-Request-ID: ws\r\n", 1))
		require.Contains(t, c.head(), " 101 ")
		soon(t, func() bool { return r.proxy.InHand(HandQuery{Limit: 1}).TotalSockets == 1 }, "no websocket")
		all := r.proxy.InHand(HandQuery{Limit: 1})
		assert.Empty(t, all.Requests)
		assert.Zero(t, all.Total)
		assert.Empty(t, all.Sockets, "they were not asked for")

		all = r.proxy.InHand(HandQuery{Limit: 1, Sockets: true})
		require.Len(t, all.Sockets, 1)
		s := all.Sockets[0]
		assert.Equal(t, []string{"ws", "GET", "/ws", "default", "websocket"}, []string{s.ID, s.Method, s.Path, s.Group, string(s.Stage)})
		assert.Equal(t, []int{0, u.worker.PID}, []int{s.Worker, s.PID})
		assert.GreaterOrEqual(t, s.Age, s.Held)
		other := 7
		assert.Zero(t, r.proxy.InHand(HandQuery{Limit: 1, Sockets: true, Worker: &other}).TotalSockets)

		require.NoError(t, c.Close())
		soon(t, func() bool { return r.proxy.InHand(HandQuery{}).TotalSockets == 0 }, "it has ended")
	})
}

// TestInHandQuery: a query selects by group and worker, and shows the oldest
// requests of each worker and of each queue.
func TestInHandQuery(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t, map[string]string{"a": "/a", "b": "/b"})
		for _, g := range p.Groups {
			g.MaxReqPerWorker = 2
		}
		r := newRig(t, driver, p)
		s := newSlow()
		r.worker("a", s.serve)
		r.worker("b", s.serve)
		for _, group := range []string{"a", "b"} {
			for i := range 4 {
				r.client().say("GET /" + group + " HTTP/1.1\r\nHost: a\r\nX-Request-ID: " + group + string(rune('0'+i)) + "\r\n\r\n")
				if i < 2 {
					<-s.began
				} else {
					soon(t, func() bool { return r.pools[group].Queued() == i-1 }, "it does not wait")
				}
			}
		}
		ids := func(q HandQuery) (out []string) {
			q.Limit = 100
			for _, one := range r.proxy.InHand(q).Requests {
				out = append(out, one.ID)
			}
			return out
		}
		zero := 0
		assert.Equal(t, []string{"a0", "a1", "a2", "a3", "b0", "b1", "b2", "b3"}, ids(HandQuery{}))
		assert.Equal(t, []string{"b0", "b1", "b2", "b3"}, ids(HandQuery{Groups: []string{"b"}}))
		assert.Equal(t, []string{"b0", "b1"}, ids(HandQuery{Groups: []string{"b"}, Worker: &zero}))
		assert.Equal(t, []string{"a0", "a2", "b0", "b2"}, ids(HandQuery{Each: 1}), "one of each worker and queue")
		all := r.proxy.InHand(HandQuery{Groups: []string{"a"}})
		assert.Equal(t, 4, all.Total)
		require.Len(t, all.Queues, 1)
		assert.Equal(t, []any{"a", 2, "a2"}, []any{all.Queues[0].Group, all.Queues[0].Depth, all.Queues[0].Oldest.ID})
		assert.Len(t, r.proxy.InHand(HandQuery{}).Queues, 2)
		assert.Empty(t, r.proxy.InHand(HandQuery{Worker: &zero}).Queues)
	})
}

// TestWalk: a walk visits what stays in the line once, whatever comes and goes
// whenever it lets the loop go on.
func TestWalk(t *testing.T) {
	const n = 4 * burst
	var l line[int]
	places := make([]place[int], n)
	for i := range places {
		value := i
		places[i].of = &value
		l.add(&places[i])
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 1; i < n; i += 2 { // the odd ones leave, and come again at the end
			l.remove(&places[i])
			l.add(&places[i])
		}
	})
	for range 10 {
		seen := make(map[int]int)
		l.walk(func(i *int) bool { seen[*i]++; return true })
		for i := 0; i < n; i += 2 {
			require.Equal(t, 1, seen[i], i)
		}
	}
	wg.Wait()
	assert.Equal(t, n, l.len())
	seen := 0
	l.walk(func(*int) bool { seen++; return seen < 3 })
	assert.Equal(t, 3, seen)
}

// TestSlow: a request is slow once its worker has had it for long without an answer,
// and its end has the same number. Those that wait for a slot are not.
func TestSlow(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, capped(t, 1))
		ends := make(chan SlowEnd, 1)
		r.proxy.opts.SlowEnded = func(e SlowEnd) { ends <- e }
		s := newSlow()
		u := r.worker("default", s.serve)
		working, waiting := r.client(), r.client()
		working.say("GET /a?secret=x HTTP/1.1\r\nHost: a\r\nX-Request-ID: one\r\n\r\n")
		<-s.began
		waiting.say("GET /b HTTP/1.1\r\nHost: a\r\nX-Request-ID: two\r\n\r\n")
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "nobody waits")
		assert.Empty(t, r.proxy.Slow(map[string]time.Duration{"default": time.Hour}, 3))
		assert.Empty(t, r.proxy.Slow(map[string]time.Duration{"other": 1}, 3))

		slow := r.proxy.Slow(map[string]time.Duration{"default": 1}, 3)
		require.Len(t, slow, 1)
		require.Len(t, slow[0].Oldest, 1)
		one := slow[0].Oldest[0]
		assert.Equal(t, []any{"default", 0, u.worker.PID, 1, "one", "/a"}, []any{slow[0].Group, slow[0].Worker, slow[0].PID, slow[0].Count, one.ID, one.Path})
		assert.Empty(t, r.proxy.Slow(map[string]time.Duration{"default": 1}, 3), "it is in one result only")
		waits := r.proxy.Waits(1)
		require.Len(t, waits, 1, "nor does a request in the queue wait for a worker")
		assert.Equal(t, []any{"default", 0}, []any{waits[0].Group, waits[0].Worker})
		assert.GreaterOrEqual(t, waits[0].For, one.For)
		assert.Empty(t, r.proxy.Waits(time.Hour))
		s.say <- hello
		working.hear("GET")
		end := <-ends
		assert.Equal(t, []any{one.Number, "one", "/a", 200}, []any{end.Number, end.ID, end.Path, end.Status})
		<-s.began
		s.say <- hello
		waiting.hear("GET")
		r.idleAgain(u)
		assert.Empty(t, ends, "the other was not slow")
		assert.Empty(t, r.proxy.Waits(1))
	})
}
