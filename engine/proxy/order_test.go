package proxy

import (
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
)

// TestOrderOfTheQueue: the priority of a route and the key of a request decide
// who gets the next slot, and a request of a higher priority takes the place of
// another in a full queue.
func TestOrderOfTheQueue(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := capped(t, 1)
		g, high := p.Groups[0], 5
		g.QueueLimit, g.Fair = 4, match.Key{By: match.KeyHeader, Name: "x-api-key"}
		urgent, err := plan.NewRoute("/urgent/*", plan.Pos{})
		require.NoError(t, err)
		urgent.Override = &plan.Override{Priority: &high}
		g.Routes = append(g.Routes, urgent)
		var evicted, urgents atomic.Int32
		r := newRig(t, driver, p, func(o *Options) {
			o.Observer = observerFunc(func(rec *result.Result) {
				if rec.Kind == result.KindEvicted {
					evicted.Add(1)
				}
				if rec.Priority == high && rec.Fair == result.NewFairKey("a") {
					urgents.Add(1)
				}
			})
		})
		s := newSlow()
		u := r.worker("default", s.serve)

		clients := map[string]*client{}
		say := func(path, key string) {
			c := r.client()
			clients[path] = c
			c.say("GET " + path + " HTTP/1.1\r\nHost: a\r\nX-API-Key: " + key + "\r\n\r\n")
		}
		queued := 0
		wait := func(path, key string) {
			say(path, key)
			queued++
			soon(t, func() bool { return r.pools["default"].Queued() == queued }, "queued")
		}
		say("/running", "a")
		<-s.began
		wait("/a1", "a")
		wait("/a2", "a")
		wait("/a3", "a")
		wait("/b", "b")
		say("/urgent/1", "a")
		head, body := clients["/a3"].hear("GET")
		assert.Contains(t, head, "503 Service Unavailable")
		assert.Regexp(t, `Retry-After: [1-9][0-9]?\r\n`, head)
		assert.Contains(t, body, "took its place in the queue")
		all, _ := r.inHand(10)
		shown := map[string]InHand{}
		for _, one := range all {
			shown[one.Path] = one
		}
		assert.Equal(t, high, shown["/urgent/1"].Priority)
		assert.Equal(t, result.NewFairKey("a"), shown["/urgent/1"].Fair)
		assert.Zero(t, shown["/b"].Priority)
		assert.Equal(t, result.NewFairKey("b"), shown["/b"].Fair)
		for range queued {
			s.say <- hello
			<-s.began
		}
		s.say <- hello
		for path, c := range clients {
			if path != "/a3" {
				_, body := c.hear("GET")
				assert.Equal(t, "hello", body, path)
			}
		}
		var got []string
		for _, line := range strings.Split(strings.Join(u.received(), ""), "\r\n") {
			if target, ok := strings.CutPrefix(line, "GET "); ok {
				got = append(got, strings.Fields(target)[0])
			}
		}
		assert.Equal(t, []string{"/running", "/urgent/1", "/a1", "/b", "/a2"}, got)
		r.idleAgain(u)
		assert.EqualValues(t, 1, r.pools["default"].Stats().Evicted)
		soon(t, func() bool { return evicted.Load() == 1 }, "its kind")
	})
}

// TestFairKey: a client has one key, and a network of IPv6 is one client.
func TestFairKey(t *testing.T) {
	byIP := match.Key{By: match.KeyClientIP}
	key := func(client string, by match.Key) uint64 {
		r := new(Request)
		r.view.Head = parsed(t, "X-Key: k\r\n")
		r.view.Origin = fixedClient(netip.MustParseAddr(client))
		return r.fairKey(by, r.fairText(by))
	}
	assert.Zero(t, key("192.0.2.1", match.Key{}))
	assert.NotEqual(t, key("192.0.2.1", byIP), key("192.0.2.2", byIP))
	assert.Equal(t, key("2001:db8::1", byIP), key("2001:db8::2", byIP))
	assert.NotEqual(t, key("2001:db8::1", byIP), key("2001:db8:0:1::1", byIP))
	assert.NotZero(t, key("192.0.2.1", match.Key{By: match.KeyHeader, Name: "x-key"}))
	assert.Zero(t, key("192.0.2.1", match.Key{By: match.KeyHeader, Name: "x-other"}))

	r := &Request{fair: "acme"}
	assert.Equal(t, pool.Key("acme"), r.fairKey(byIP, r.fairText(byIP)), "the router's key goes first")
}

// A fixedClient is the request.Origin of a client's address.
type fixedClient netip.Addr

func (c fixedClient) ClientIP() netip.Addr { return netip.Addr(c) }
func (fixedClient) Scheme() string         { return "http" }
func (fixedClient) RequestID() []byte      { return nil }
