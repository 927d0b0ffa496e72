package proxy

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

func TestQueueLimit(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := capped(t, 1)
		p.Groups[0].QueueLimit = 1
		r := newRig(t, driver, p)
		s := newSlow()
		u := r.worker("default", s.serve)
		first, second, third := r.client(), r.client(), r.client()
		first.say(http1test.Get("/1"))
		<-s.began
		second.say(http1test.Get("/2"))
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
		third.say(http1test.Get("/3"))
		head, body := third.hear("GET")
		assert.Contains(t, head, "503 Service Unavailable")
		assert.Regexp(t, `Retry-After: [1-9][0-9]?\r\n`, head)
		assert.Contains(t, body, "too many requests are waiting")
		s.say <- hello
		<-s.began
		third.say(http1test.Get("/4"))
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "its connection goes on")
		s.say <- hello
		<-s.began
		s.say <- hello
		for _, c := range []*client{first, second, third} {
			_, body := c.hear("GET")
			assert.Equal(t, "hello", body)
		}
		assert.NotContains(t, strings.Join(u.received(), ""), "/3", "the request never reaches a worker")
		r.idleAgain(u)
	})
}

func TestQueueTimeout(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := capped(t, 1)
		p.Groups[0].QueueTimeout = 20 * time.Millisecond
		r := newRig(t, driver, p)
		s := newSlow()
		u := r.worker("default", s.serve)
		first, second := r.client(), r.client()
		first.say(http1test.Get("/1"))
		<-s.began
		second.say(http1test.Get("/2"))
		head, body := second.hear("GET")
		assert.Contains(t, head, "503 Service Unavailable")
		assert.Contains(t, head, "Retry-After: ")
		assert.Contains(t, body, "no worker became free in time")
		s.say <- hello
		_, body = first.hear("GET")
		assert.Equal(t, "hello", body)
		assert.Equal(t, 1, u.heads(), "the request never reaches a worker")
	})
}

// TestQueueTimeout_Reason checks that a request that has waited for too long says
// for what, and that it shows that while it waits.
func TestQueueTimeout_Reason(t *testing.T) {
	for _, c := range []struct {
		name, reason string
		wants        pool.Want
		set          func(*plan.Group)
		hold         bool
	}{
		{"slot", "no worker became free in time", pool.Want{Kind: pool.WantSlot}, func(g *plan.Group) { g.MaxReqPerWorker = 1 }, false},
		{"worker", "the worker that the request belongs to did not become free in time", pool.Want{Kind: pool.WantWorker},
			func(g *plan.Group) {
				g.MaxReqPerWorker, g.Sticky = 1, plan.Sticky{Key: match.Key{By: match.KeyClientIP}}
			}, false},
		{"limit", `the limit "gpu" was not free in time`, pool.Want{Kind: pool.WantLimit, Limit: "gpu"},
			func(g *plan.Group) { g.Limits = []plan.Limit{{Name: "gpu", Size: 1}} }, false},
		{"hold", "the group is held, and was not released in time", pool.Want{Kind: pool.WantHold}, func(*plan.Group) {}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				p := planOf(t, map[string]string{"default": "*"})
				c.set(p.Groups[0])
				r := newRig(t, driver, p)
				s := newSlow()
				r.worker("default", s.serve)
				first, second := r.client(), r.client()
				first.say(http1test.Get("/1"))
				<-s.began
				if c.hold {
					r.pools["default"].Hold()
				}
				second.say(http1test.Get("/2"))
				soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "nobody waits")
				all, _ := r.inHand(2)
				require.Len(t, all, 2)
				assert.Equal(t, []pool.Want{{}, c.wants}, []pool.Want{all[0].Wants, all[1].Wants})
				impatient := *p.Groups[0]
				impatient.QueueTimeout = time.Millisecond
				r.pools["default"].Configure(&impatient)
				_, body := second.hear("GET")
				assert.Contains(t, body, c.reason+"\n")
				s.say <- hello
				first.hear("GET")
			})
		})
	}
}

// TestRefusedByTheOnlyWorker checks that a request refused by the only worker,
// which has ended, waits for its successor.
func TestRefusedByTheOnlyWorker(t *testing.T) {
	for name, request := range map[string]string{"GET": http1test.Get("/"), "POST": http1test.Post("Content-Length: 3\r\n") + "abc"} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, nil)
				r.worker("default", serves).ln.Close()
				c := r.client()
				c.say(request)
				soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "it waits")
				assert.Zero(t, r.pools["default"].Ready())
				u := r.worker("default", serves)
				_, body := c.hear(name)
				assert.Equal(t, "hello", body)
				assert.Equal(t, 1, u.heads())
			})
		})
	}
}

// TestManyRefuse checks that workers that have ended cost nothing but the
// attempt.
func TestManyRefuse(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		for range 8 {
			r.worker("default", serves).ln.Close()
		}
		u := r.worker("default", serves)
		for range 2 {
			assert.Contains(t, r.send(http1test.Get("/")), "hello")
		}
		assert.Equal(t, 2, u.heads())
	})
}

// TestNoWorkerComes checks that a request waits for a worker only as long as
// one may take to start, and not at all if none will come.
func TestNoWorkerComes(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t, map[string]string{"default": "*"})
		p.StartupTimeout = 20 * time.Millisecond
		r := newRig(t, driver, p)
		assert.Contains(t, r.send(http1test.Get("/")), "no worker is available", "the message must not say that none is free")
		r.pools["default"].SetFailed(true)
		got := r.send(http1test.Get("/"))
		assert.Contains(t, got, "no worker is available")
		assert.Contains(t, got, "Retry-After: 1\r\n")
	})
}

// TestHold checks that requests wait while their pool is held.
func TestHold(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", serves)
		r.pools["default"].Hold()
		c := r.client()
		c.say(http1test.Get("/"))
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
		assert.Zero(t, u.heads())
		r.pools["default"].Resume()
		_, body := c.hear("GET")
		assert.Equal(t, "hello", body)
	})
}

// TestWorkerProvesItself checks that an answer, and nothing else, makes a
// worker get its full share.
func TestWorkerProvesItself(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.worker("default", serves)
		require.Contains(t, r.send(http1test.Get("/")), "hello")
		fresh := newSlow()
		f := r.worker("default", fresh.serve) // its turn comes first
		busy := r.client()
		busy.say(http1test.Get("/first"))
		<-fresh.began
		for range 5 {
			require.Contains(t, r.send(http1test.Get("/")), "hello")
		}
		assert.Equal(t, 1, f.heads())
		fresh.say <- hello
		busy.hear("GET")
		r.idleAgain(f)
		var held [8]pool.Claim
		for i := range held {
			require.NoError(t, r.pools["default"].TryClaim(&held[i], nil))
		}
		requests, _ := f.worker.InFlight()
		assert.Equal(t, 4, requests)
		for i := range held {
			held[i].Release()
		}
	})
}
