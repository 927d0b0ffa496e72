package proxy

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

// perDay returns a limit that lets a burst in and then nothing during a test.
func perDay(t testing.TB, burst int, by match.Key) plan.RateLimit {
	t.Helper()
	l, err := plan.NewRateLimit(plan.Rate{Count: 1, Unit: plan.PerDay}, burst, by)
	require.NoError(t, err)
	return l
}

var (
	byIP     = match.Key{By: match.KeyClientIP}
	byTenant = match.Key{By: match.KeyHeader, Name: "x-tenant"}
)

// TestRateLimited: a request that comes too soon gets 429 with Retry-After and
// reaches no worker, and its connection goes on.
func TestRateLimited(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t, map[string]string{"default": "*"})
		p.Groups[0].RateLimit = perDay(t, 2, byTenant)
		seen := make(chan result.Result, 10)
		r := newRig(t, driver, p, func(o *Options) {
			o.Observer = observerFunc(func(rec *result.Result) { seen <- *rec })
		})
		u := r.worker("default", serves)
		c := r.client()
		ask := func(more string) (head, body string) {
			c.say("GET / HTTP/1.1\r\nHost: a\r\n" + more + "\r\n")
			head, body = c.hear("GET")
			return head, body
		}
		for _, key := range []string{"X-Tenant: a\r\n", "X-Tenant: b\r\n", ""} {
			for i := range 4 {
				head, body := ask(key)
				rec := <-seen
				if i < 2 {
					assert.Contains(t, head, "200 OK")
					assert.Empty(t, rec.Kind)
					continue
				}
				assert.Contains(t, head, "HTTP/1.1 429 Too Many Requests\r\n")
				assert.Regexp(t, `Retry-After: 86[34]\d\d\r\n`, head)
				assert.NotContains(t, head, "Connection: close")
				assert.Contains(t, body, "429 Too Many Requests: too many requests in a short time\nrequest id: ")
				assert.Equal(t, result.KindRateLimited, rec.Kind)
				assert.Equal(t, "the rate limit of default", rec.Reason)
				assert.Equal(t, 429, rec.Status)
				assert.Equal(t, "default", rec.Group)
				assert.Same(t, r.pools["default"], rec.Pool)
				assert.Equal(t, -1, rec.Worker)
			}
		}
		head, body := ask("X-Tenant: a\r\nAccept: application/json\r\n")
		assert.Contains(t, head, "application/json")
		assert.Contains(t, body, `{"status":429,"error":"too many requests in a short time","request_id":"`)
		assert.Equal(t, 6, u.heads(), "the others reach no worker")
		r.idleAgain(u)
	})
}

// TestRateLimitedBody: the body of a refused request is not mistaken for the
// next request, and the client is not asked for it.
func TestRateLimitedBody(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t, map[string]string{"default": "*"})
		p.MaxBodySize = 10
		p.Groups[0].RateLimit = perDay(t, 1, byIP)
		r := newRig(t, driver, p)
		u := r.worker("default", serves)
		require.Contains(t, r.send(http1test.Get("/")), "200 OK")
		c := r.client()
		c.say(http1test.Post("Content-Length: 5\r\n") + "hello" + http1test.Get("/"))
		for range 2 {
			head, _ := c.hear("POST")
			assert.Contains(t, head, " 429 ")
		}
		assert.Contains(t, r.send(http1test.Post("Content-Length: 99\r\n")), " 429 ", "before max_body_size")
		got := r.send(http1test.Post("Content-Length: 5\r\nExpect: 100-continue\r\n"))
		assert.Contains(t, got, " 429 ")
		assert.NotContains(t, got, "100 Continue")
		assert.Equal(t, 1, u.heads())
	})
}

// TestRateLimitsTogether: a request counts once for each limit that applies to
// it, or for none, and not again if it is repeated on another worker.
func TestRateLimitsTogether(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t, map[string]string{"default": "*"})
		p.RateLimit = perDay(t, 6, match.Key{})
		g := p.Groups[0]
		g.RateLimit = perDay(t, 4, byIP)
		r1, err := plan.NewRoute("/slow", plan.Pos{})
		require.NoError(t, err)
		r1.RateLimit = perDay(t, 1, byIP)
		g.Routes = append([]plan.Route{r1}, g.Routes...)
		p.Router = &fakeRouter{map[string]plan.Decision{
			"/": {}, "/slow": {}, "/to": {Group: "default"}, "/answer": {Answer: &plan.Answer{Status: 204}}}}
		r := newRig(t, driver, p)
		r.worker("default", serves).ln.Close() // refuses, so that the first request is repeated
		r.worker("default", serves)
		status := func(path string) string { return r.send(http1test.Get(path))[len("HTTP/1.1 "):][:3] }
		assert.Equal(t, "200", status("/slow"))
		for range 5 {
			assert.Equal(t, "429", status("/slow"), "the rule")
		}
		for _, path := range []string{"/", "/to", "/"} {
			assert.Equal(t, "200", status(path), "a refusal costs nothing")
		}
		assert.Equal(t, "429", status("/"), "the group")
		assert.Equal(t, "429", status("/to"), "the group, though the router decides")
		assert.Equal(t, "204", status("/answer"), "the router's answers have no group")
		assert.Equal(t, "500", status("/unknown"), "nor has an error")
		assert.Equal(t, "429", status("/answer"), "LdConfig")
		assert.Equal(t, "429", status("/unknown"), "LdConfig comes first")
		assert.Contains(t, r.send("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"), " 400 ", "a malformed request is none")
	})
}

// TestRateLimitOfTrustedClient: the client is the one that trusted proxies
// report, and IPv6 clients of one network count together.
func TestRateLimitOfTrustedClient(t *testing.T) {
	p := planOf(t, map[string]string{"default": "*"})
	p.Groups[0].RateLimit = perDay(t, 2, byIP)
	p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	r := newRig(t, netloop.Drivers()[0], p)
	r.worker("default", serves)
	from := func(addr string) string {
		return r.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: " + addr + "\r\n\r\n")[len("HTTP/1.1 "):][:3]
	}
	for _, c := range []struct{ addr, want string }{
		{"192.0.2.1", "200"}, {"192.0.2.1", "200"}, {"192.0.2.1", "429"}, {"192.0.2.2", "200"},
		{"2001:db8::1", "200"}, {"2001:db8::2", "200"}, {"2001:db8::3", "429"}, {"2001:db8:0:1::1", "200"},
		{"8.8.8.8, 192.0.2.1", "429"}, {"192.0.2.1, 8.8.4.4", "200"},
	} {
		assert.Equal(t, c.want, from(c.addr), c.addr)
	}
}

// TestRateLimitAcrossReload: clients do not get a new burst from a reload.
func TestRateLimitAcrossReload(t *testing.T) {
	r := newRig(t, netloop.Drivers()[0], nil)
	r.worker("default", serves)
	for range 3 {
		assert.Contains(t, r.send(http1test.Get("/")), " 200 ")
	}
	r.plan = planOf(t, map[string]string{"default": "*"})
	r.plan.Groups[0].RateLimit = perDay(t, 1, byIP)
	r.publish()
	assert.Contains(t, r.send(http1test.Get("/")), " 200 ")
	assert.Contains(t, r.send(http1test.Get("/")), " 429 ")
	next := *r.plan
	group := *next.Groups[0]
	next.Groups = []*plan.Group{&group}
	r.plan = &next
	r.publish()
	assert.Contains(t, r.send(http1test.Get("/")), " 429 ", "the limit is the same")
	group.RateLimit = perDay(t, 2, byIP)
	r.publish()
	assert.Contains(t, r.send(http1test.Get("/")), " 200 ", "another limit begins anew")
}

// TestRateLimitIsExact: loops that serve requests of one client at the same
// time let in exactly the burst.
func TestRateLimitIsExact(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		const clients, each, burst = 8, 30, 100
		p := planOf(t, map[string]string{"default": "*"})
		p.RateLimit = perDay(t, burst, byIP)
		p.Groups[0].RateLimit = perDay(t, clients*each, byIP)
		r := newRig(t, driver, p)
		u := r.worker("default", serves)
		var all sync.WaitGroup
		for range clients {
			c := r.client()
			all.Go(func() {
				for range each {
					c.say(http1test.Get("/"))
					c.hear("GET")
				}
			})
		}
		all.Wait()
		assert.Equal(t, burst, u.heads())
		r.idleAgain(u)
	})
}

// TestRateLimitAllocatesNothing: neither does a request that is let in allocate
// anything, nor one that is refused.
func TestRateLimitAllocatesNothing(t *testing.T) {
	countsAllocations(t)
	for _, refused := range []bool{false, true} {
		t.Run(fmt.Sprintf("refused=%v", refused), func(t *testing.T) {
			p := planOf(t, map[string]string{"default": "*"})
			p.RateLimit = perDay(t, 3000, byTenant)
			p.Groups[0].RateLimit = perDay(t, 3000, byIP)
			end := "\r\n\r\nhello"
			if refused {
				p.Groups[0].RateLimit = perDay(t, 1, byIP)
				end = "abc\n"
			}
			r := newRig(t, "epoll", p)
			in := "GET / HTTP/1.1\r\nHost: a\r\nX-Tenant: b\r\nX-Request-ID: abc\r\n\r\n"
			r.worker("default", parrot(in, hello))
			if refused {
				r.send(http1test.Get("/"))
			}
			c := newCrowd(r, 1, in, end)
			for range 20 {
				c.ask(t)
			}
			require.Less(t, testing.AllocsPerRun(1000, func() { c.ask(t) }), 0.5)
		})
	}
}

// BenchmarkCheckRate measures what rate limits cost a request.
func BenchmarkCheckRate(b *testing.B) {
	p := planOf(b, map[string]string{"default": "*"})
	r := newRig(b, netloop.Drivers()[0], p)
	for _, limits := range []int{0, 1, 2} {
		b.Run(fmt.Sprint(limits), func(b *testing.B) {
			fast := plan.RateLimit{Rate: plan.Rate{Count: 1e9, Unit: plan.PerSecond}, Burst: plan.MaxBurst, By: byIP}
			next := *p
			group := *p.Groups[0]
			next.Groups = []*plan.Group{&group}
			if limits > 0 {
				group.RateLimit = fast
			}
			if limits > 1 {
				next.RateLimit = fast
			}
			r.plan = &next
			r.publish()
			q := benchRequest(b, r)
			b.ReportAllocs()
			for b.Loop() {
				q.counted = false
				if q.checkRate(&group) != nil {
					b.Fatal("refused")
				}
			}
		})
	}
}

// benchRequest returns a request that only checkRate can serve.
func benchRequest(b *testing.B, r *rig) *Request {
	q := &Request{p: r.proxy, t: clockTask{}, head: parsed(b, ""), snap: r.proxy.Snapshot()}
	q.view.Origin, q.view.Head = (*origin)(q), q.head
	q.from = sender{read: true, addr: netip.MustParseAddr("192.0.2.1")}
	return q
}

// TestNoKeyInSeveralForms: writing a key in another way, or a second one beside
// it, gives a client no more of a rate limit and no more turns in a queue.
func TestNoKeyInSeveralForms(t *testing.T) {
	r := &Request{}
	for by, forms := range map[match.Key][2][]string{
		{By: match.KeyCookie, Name: "sid"}: {
			{"Cookie: sid=alice", `Cookie: sid="alice"`, `Cookie: sid="\141lice"`, "Cookie: a=b; sid = alice ; sid=alice", "Cookie: sid=%61lice"},
			{"", "Cookie: sid=x1; sid=alice", "Cookie: sid=alice; sid=x2", "Cookie: sid=x3\r\nCookie: sid=alice"},
		},
		{By: match.KeyHeader, Name: "x-user"}: {
			{"X-User: alice", "x-user:  alice", "X-User: alice\r\nX-User: alice"},
			{"", "X-User: alice\r\nX-User: x1", "X-User: x2\r\nX-User: alice"},
		},
	} {
		var fair, rate []any
		for _, same := range forms {
			for i, lines := range same {
				if lines != "" {
					lines += "\r\n"
				}
				r.view.Head = parsed(t, lines)
				fairKey, rateKey := r.fairKey(by, r.fairText(by)), r.rateKey(by)
				if i == 0 {
					fair, rate = append(fair, fairKey), append(rate, rateKey)
				}
				assert.Equal(t, fair[len(fair)-1], fairKey, "%v %q", by, lines)
				assert.Equal(t, rate[len(rate)-1], rateKey, "%v %q", by, lines)
			}
		}
		assert.NotEqual(t, fair[0], fair[1])
		assert.NotEqual(t, rate[0], rate[1])
	}
}
