package proxy

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

// smallShare returns a plan in which the bodies of a client have a page of memory.
func smallShare(t testing.TB) *plan.Plan {
	p := takesIn(t, 1<<20)
	p.BufferMemory = 128 << 10
	return p
}

// heldBack waits until n requests have found their client's share used up.
func (r *rig) heldBack(n uint64) {
	r.t.Helper()
	soon(r.t, func() bool { return r.proxy.buffers.Stats().Refused[buffer.RefusedShare] >= n }, "nobody waits for its share")
}

// TestReceive_Share checks that a client that has its share of the buffers gets no
// slot for another body that comes slowly, but for requests that are ready.
func TestReceive_Share(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, smallShare(t))
		got := make(chan [2]string, 1)
		u := r.worker("default", keeping(got))
		one, two, ready := r.client(), r.client(), r.client()
		text := bodyText(12_000)
		one.say(http1test.Post("Content-Length: 12000\r\n"))
		r.inStage(1, StageReceiving)
		one.say(text[:10_000])
		soon(t, func() bool { return r.proxy.buffers.Stats().Memory == 16<<10 }, "it is not kept")
		two.say(http1test.Post("Content-Length: 40000\r\n") + bodyText(39_900))
		r.heldBack(1)
		ready.say(http1test.Get("/"))
		_, body := ready.hear("GET")
		assert.Equal(t, "hello", body)
		<-got
		assert.Equal(t, 1, u.heads())
		one.say(text[10_000:])
		_, body = one.hear("POST")
		assert.Equal(t, "hello", body)
		assert.True(t, text == (<-got)[1])
		soon(t, func() bool { return r.proxy.buffers.Stats().Memory == 48<<10 }, "the only body of a client does not wait for its share")
		assert.Equal(t, 2, u.heads(), "nor does it take a slot before it is whole")
		two.say(bodyText(40_000)[39_900:])
		_, body = two.hear("POST")
		assert.Equal(t, "hello", body)
		assert.True(t, bodyText(40_000) == (<-got)[1])
		r.emptyAgain()
		r.idleAgain(u)
	})
}

// TestReceive_ShareLate checks that a request does not wait for its share for ever.
func TestReceive_ShareLate(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		recs := make(chan result.Result, 4)
		r := newRig(t, driver, smallShare(t), func(o *Options) {
			o.Stall = shortStall
			o.Observer = observerFunc(func(rec *result.Result) { recs <- *rec })
		})
		s := newSlow()
		u := r.worker("default", s.serve)
		busy, one, two := r.client(), r.client(), r.client()
		busy.say(http1test.Get("/"))
		<-s.began
		one.say(http1test.Post("Content-Length: 10000\r\n"))
		r.inStage(1, StageReceiving)
		one.say(bodyText(10_000))
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
		two.say(http1test.Post("Expect: 100-continue\r\nContent-Length: 20000\r\n"))
		assert.Equal(t, goOnText, two.head())
		two.say(bodyText(20_000))
		head, body := two.hear("POST")
		assert.Contains(t, head, " 503 ")
		assert.Contains(t, body, "too many bodies of requests of this client are waiting")
		rec := <-recs
		assert.Equal(t, result.KindShare, rec.Kind)
		assert.Equal(t, -1, rec.Worker)
		assert.Positive(t, rec.Receiving)
		s.say <- hello
		busy.hear("GET")
		<-s.began
		s.say <- hello
		one.hear("POST")
		r.emptyAgain()
		r.idleAgain(u)
	})
}

// TestReceive_ShareLeft checks that a request that waits for its share ends when its
// client resets the connection.
func TestReceive_ShareLeft(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		recs := make(chan result.Result, 4)
		r := newRig(t, driver, smallShare(t), func(o *Options) {
			o.Observer = observerFunc(func(rec *result.Result) { recs <- *rec })
		})
		one, two := r.client(), r.client()
		one.say(http1test.Post("Content-Length: 12000\r\n"))
		r.inStage(1, StageReceiving)
		one.say(bodyText(10_000))
		soon(t, func() bool { return r.proxy.buffers.Stats().Memory == 16<<10 }, "it is not kept")
		two.say(http1test.Post("Content-Length: 40000\r\n") + bodyText(39_900))
		r.heldBack(1)
		require.NoError(t, two.SetLinger(0))
		two.Close()
		assert.Equal(t, result.KindGone, (<-recs).Kind)
		one.Close()
		r.emptyAgain()
	})
}

// TestReceive_Bound checks that at a bound of all, only one body of a client that
// comes slowly has a slot, and that others are served.
func TestReceive_Bound(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := smallShare(t)
		p.Groups[0].MaxReqPerWorker = 2
		r := newRig(t, driver, p)
		got := make(chan [2]string, 4)
		u := r.worker("default", keeping(got))
		fill := r.fill()
		text := bodyText(30_000)
		var slow []*client
		for i := range 3 {
			c := r.client()
			c.say(http1test.Post("Content-Length: 30000\r\n") + text[:10_000])
			slow = append(slow, c)
			soon(t, func() bool { return u.heads() == 1 && r.proxy.buffers.Stats().Waiting == i }, "only the first goes on")
		}
		ready := r.client()
		ready.say(http1test.Get("/"))
		_, body := ready.hear("GET")
		assert.Equal(t, "hello", body)
		<-got
		assert.Equal(t, 2, u.heads())
		for _, c := range slow {
			c.say(text[10_000:])
			_, body := c.hear("POST")
			assert.Equal(t, "hello", body)
			assert.True(t, text == (<-got)[1])
		}
		fill()
		r.emptyAgain()
		r.idleAgain(u)
	})
}

// fill has other clients hold all the memory of the buffers, until it is given back.
func (r *rig) fill() (giveBack func()) {
	r.t.Helper()
	var all []*buffer.Buffer
	for n := 1; n > 0; {
		b := new(buffer.Buffer)
		b.Init(r.proxy.buffers, megabyte, netip.AddrFrom4([4]byte{192, 0, 2, byte(len(all))}))
		n, _ = b.Append(nil, make([]byte, buffer.InMemory))
		all = append(all, b)
	}
	return func() {
		for _, b := range all {
			b.Release()
		}
	}
}
