package proxy

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// challenges answers the challenge with the token "ours".
func challenges(o *Options) {
	answer := []byte("ours.key")
	o.Challenge = func(token []byte) []byte {
		if string(token) == "ours" {
			return answer
		}
		return nil
	}
}

// TestChallenge checks that the proxy answers issuers of certificates before redirects
// and limits, and leaves other requests alone.
func TestChallenge(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		var got records
		p := planOf(t, map[string]string{"default": "*"})
		p.RateLimit = perDay(t, 1, byIP)
		p.LivePath = "/.well-known/acme-challenge/ours" // a probe comes later
		r := newRig(t, driver, p, challenges, func(o *Options) { o.Observer = &got })
		listenAs(t, r)
		r.with(func(l *plan.Listener) { l.RedirectHTTPS = true })
		c := r.client()
		ask := func(method, target string) (status, body string) {
			t.Helper()
			c.say(method + " " + target + " HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n")
			head, body := c.hear(method)
			return strings.Fields(head)[1], body
		}
		for range 3 {
			status, body := ask("GET", "/.well-known/acme-challenge/ours?x=1")
			assert.Equal(t, "200 ours.key", status+" "+body)
		}
		status, body := ask("HEAD", "/.well-known/acme-challenge/ours")
		assert.Equal(t, "200 ", status+" "+body)
		assert.Empty(t, got.all())
		for _, target := range []string{"/.well-known/acme-challenge/theirs", "/.well-known/acme-challenge/", "/.well-known/acme-challenge/ours/", "/x/.well-known/acme-challenge/ours"} {
			status, _ = ask("GET", target)
			assert.Equal(t, "308", status, target)
		}
		r.with(func(l *plan.Listener) { l.RedirectHTTPS = false })
		u := r.worker("default", answering(hello))
		status, _ = ask("GET", "/.well-known/acme-challenge/theirs")
		assert.Equal(t, "200", status)
		assert.Len(t, u.received(), 1)
	})
}

// TestChallengeAllocatesNothing: a request for a challenge costs as little as others.
func TestChallengeAllocatesNothing(t *testing.T) {
	countsAllocations(t)
	r := newRig(t, "epoll", planOf(t, map[string]string{"default": "*"}), challenges, func(o *Options) { o.Log = slog.New(slog.DiscardHandler) })
	c := r.client()
	buf := make([]byte, 1<<10)
	ask := []byte(http1test.Get("/.well-known/acme-challenge/ours"))
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		_, _ = c.Write(ask)
		_, _ = c.Read(buf)
	}))
}
