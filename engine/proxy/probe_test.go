package proxy

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// probed returns a plan with two groups whose own requests all get 429, and both
// probes.
func probed(t testing.TB, when plan.ReadyWhen) *plan.Plan {
	p := planOf(t, map[string]string{"default": "*", "api": "/-/"})
	p.LivePath, p.ReadyPath, p.ReadyWhen = "/-/live", "/-/ready", when
	p.RateLimit = perDay(t, 1, byIP)
	p.MaxBodySize = 1
	return p
}

// TestProbe checks what ldcorn answers about its health: before the routes, the
// limits and the queue, to GET and HEAD only, and without a record.
func TestProbe(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		var got records
		r := newRig(t, driver, probed(t, plan.ReadyAny), func(o *Options) { o.Observer = &got })
		c := r.client()
		ask := func(method, target, more string) (status, body string) {
			t.Helper()
			c.say(method + " " + target + " HTTP/1.1\r\nHost: a\r\n" + more + "\r\n")
			head, body := c.hear(method)
			assert.Contains(t, head, "\r\nCache-Control: no-store\r\n")
			return strings.Fields(head)[1], body
		}
		expect := func(status, body, target string) {
			t.Helper()
			gotStatus, gotBody := ask("GET", target, "")
			assert.Equal(t, status+" "+body, gotStatus+" "+gotBody, target)
		}
		expect("200", "ok\n", "/-/live")
		expect("503", "not ready\n", "/-/ready")
		expect("503", "not ready\n", "/-/ready?group=api")
		expect("404", "no such group\n", "/-/ready?group=nosuch")
		expect("404", "no such group\n", "/-/ready?group=")

		u := r.worker("api", answering(hello))
		for range 3 { // a rate limit would refuse the second one
			expect("200", "ok\n", "/-/ready")
		}
		expect("200", "ok\n", "/-/ready?other=1&group=%61pi")
		expect("503", "not ready\n", "/-/ready?group=default")
		expect("200", "ok\n", "/%2d/ready") // as routes see it

		status, body := ask("HEAD", "/-/ready", "")
		assert.Equal(t, "200", status)
		assert.Empty(t, body)
		_, body = ask("GET", "/-/ready", "Accept: application/json\r\n")
		assert.JSONEq(t, `{"status":"ok"}`, body)
		c.say("DELETE /-/ready HTTP/1.1\r\nHost: a\r\n\r\n")
		head, body := c.hear("DELETE")
		assert.Contains(t, head, "HTTP/1.1 405 Method Not Allowed\r\n")
		assert.Contains(t, head, "\r\nAllow: GET, HEAD\r\n")
		assert.Equal(t, "GET and HEAD only\n", body)

		r.pools["api"].Swap(nil, []*pool.Worker{u.worker})
		expect("503", "not ready\n", "/-/ready")
		expect("200", "ok\n", "/-/live")
		assert.Empty(t, got.all())

		// Beside the path, and with a body that nobody wants, a request is one like others.
		assert.Contains(t, r.send("POST /-/live HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"), "405 Method Not Allowed")
		r.worker("api", answering(hello))
		c.say(http1test.Get("/-/live/"))
		head, _ = c.hear("GET")
		assert.Contains(t, head, "200 OK")
		soon(t, func() bool { return len(got.all()) == 1 }, "one request has a record")
	})
}

// TestProbe_AllGroups checks ready_when="all".
func TestProbe_AllGroups(t *testing.T) {
	r := newRig(t, "", probed(t, plan.ReadyAll))
	c := r.client()
	ready := func() bool {
		c.say(http1test.Get("/-/ready"))
		head, _ := c.hear("GET")
		return strings.Contains(head, "200 OK")
	}
	assert.False(t, ready())
	r.worker("api", answering(hello))
	assert.False(t, ready())
	r.worker("default", answering(hello))
	assert.True(t, ready())
}

// TestProbe_Off checks that the paths belong to the apps unless the plan names them.
func TestProbe_Off(t *testing.T) {
	p := planOf(t, map[string]string{"default": "*"})
	p.LivePath = "/-/live"
	r := newRig(t, "", p)
	u := r.worker("default", answering(hello))
	assert.Contains(t, r.send(http1test.Get("/-/ready")), "\r\n\r\nhello")
	assert.Contains(t, r.send(http1test.Get("/-/live")), "\r\n\r\nok\n")
	assert.Len(t, u.received(), 1)
}

// TestProbe_NeverWaits checks that a probe is answered while each slot is taken.
func TestProbe_NeverWaits(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := capped(t, 1)
		p.ReadyPath, p.ReadyWhen = "/-/ready", plan.ReadyAny
		r := newRig(t, driver, p)
		s := newSlow()
		r.worker("default", s.serve)
		busy, queued, c := r.client(), r.client(), r.client()
		busy.say(http1test.Get("/"))
		<-s.began
		queued.say(http1test.Get("/"))
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
		c.say(http1test.Get("/-/ready"))
		_, body := c.hear("GET")
		assert.Equal(t, "ok\n", body)
		for range 2 {
			s.say <- hello
		}
	})
}

// TestDepart checks that a proxy that is about to stop goes on serving, says so, and
// ends each connection with the next answer on it.
func TestDepart(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t, map[string]string{"default": "*"})
		p.LivePath, p.ReadyPath = "/-/live", "/-/ready"
		r := newRig(t, driver, p)
		u := r.worker("default", answering(hello))
		resting, probing := r.client(), r.client()
		for _, c := range []*client{resting, probing} {
			c.say(http1test.Get("/"))
			head, _ := c.hear("GET")
			assert.NotContains(t, head, "Connection: close")
		}
		r.proxy.Depart()

		const last = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
		resting.say(http1test.Get("/"))
		assert.Equal(t, last, resting.rest())
		probing.say(http1test.Get("/-/ready"))
		answer := probing.rest()
		assert.Contains(t, answer, "503 Service Unavailable")
		assert.Contains(t, answer, "\r\nConnection: close\r\n\r\nstopping\n")

		late := r.client()
		late.say(http1test.Get("/"))
		assert.Equal(t, last, late.rest())
		live := r.client()
		live.say(http1test.Get("/-/live"))
		assert.Contains(t, live.rest(), "\r\nConnection: close\r\n\r\nok\n")
		unknown := r.client()
		unknown.say(http1test.Get("/-/ready?group=nosuch"))
		assert.Contains(t, unknown.rest(), "404 Not Found")
		assert.Len(t, u.received(), 1)
	})
}

// TestProbeAnswers checks the two forms of each answer.
func TestProbeAnswers(t *testing.T) {
	for _, a := range []*probeAnswer{probeOK, probeNotReady, probeStopping, probeNoGroup, probeMethod} {
		var in struct{ Status string }
		require.NoError(t, json.Unmarshal(a.json, &in))
		assert.Equal(t, in.Status+"\n", string(a.text))
	}
}

// TestProbeAllocatesNothing: balancers ask all the time.
func TestProbeAllocatesNothing(t *testing.T) {
	countsAllocations(t)
	p := planOf(t, map[string]string{"default": "*"})
	p.ReadyPath, p.ReadyWhen = "/-/ready", plan.ReadyAny
	r := newRig(t, "epoll", p, func(o *Options) { o.Log = slog.New(slog.DiscardHandler) })
	r.worker("default", answering(hello))
	c := r.client()
	buf := make([]byte, 1<<10)
	ask := []byte(http1test.Get("/-/ready"))
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		_, _ = c.Write(ask)
		_, _ = c.Read(buf)
	}))
}
