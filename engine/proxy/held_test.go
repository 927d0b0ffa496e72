package proxy

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/result"
)

// heldTimes is an observer that keeps the results by target.
type heldTimes struct {
	mu  sync.Mutex // guards got
	got map[string]result.Result
}

func (h *heldTimes) Observe(r *result.Result) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got[string(r.Request.Target)] = *r
}

func (h *heldTimes) of(target string) (result.Result, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, ok := h.got[target]
	return r, ok
}

// TestHeld checks that a result tells for how long the request had a slot: not
// while it waited, and nothing of the request before on the same connection.
func TestHeld(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		got := &heldTimes{got: make(map[string]result.Result)}
		p := capped(t, 1)
		p.Groups[0].QueueLimit = 1
		r := newRig(t, driver, p, func(o *Options) { o.Observer = got })
		s := newSlow()
		u := r.worker("default", s.serve)
		first, second, third := r.client(), r.client(), r.client()
		first.say(http1test.Get("/1"))
		<-s.began
		second.say(http1test.Get("/2"))
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "nobody waits")
		third.say(http1test.Get("/3"))
		third.hear("GET")
		s.say <- hello
		first.hear("GET")
		<-s.began
		s.say <- hello
		second.hear("GET")
		third.say("nonsense\r\n\r\n")
		r.idleAgain(u)
		for _, target := range []string{"/1", "/2", "/3"} {
			soon(t, func() bool { _, ok := got.of(target); return ok }, "no result of %s", target)
			rec, _ := got.of(target)
			if target == "/3" {
				assert.Zero(t, rec.Held)
				continue
			}
			require.Positive(t, rec.Held)
			assert.LessOrEqual(t, rec.Held, rec.Took, target)
		}
		two, _ := got.of("/2")
		assert.LessOrEqual(t, two.Held, two.Took-two.Queued)
	})
}
