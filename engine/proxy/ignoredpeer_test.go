package proxy

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestIgnoredPeers checks that each peer that names a client without being trusted
// is logged once, with what to write, within bounds, and that nothing else is.
func TestIgnoredPeers(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	read := func(f *forwarder, peer, fields string) {
		var addr netip.Addr
		ours := ""
		if peer != "" {
			addr, ours = netip.MustParseAddr(peer), "8000"
		}
		var req http1.Request
		_, err := req.Parse([]byte("GET / HTTP/1.1\r\nHost: a.b\r\n"+fields+"\r\n"), nil)
		require.Nil(t, err)
		s := new(sender)
		f.read(s, &req.Request, addr, ours, false)
		assert.Equal(t, !s.trusted && f.mode != plan.ForwardedOff && strings.Contains(fields, "Forwarded") && !strings.Contains(fields, "Proto"), s.ignored)
	}
	logged := func() string { defer out.Reset(); return out.String() }
	const named = "X-Forwarded-For: 1.2.3.4\r\n"

	f := newForwarder(plan.ForwardedSet, nil, log)
	read(&f, "127.0.0.1", "X-Forwarded-Proto: https\r\n")
	read(&f, "127.0.0.1", "")
	assert.Empty(t, logged())
	read(&f, "127.0.0.1", named)
	read(&f, "127.0.0.1", named)
	assert.Regexp(t, `^time=\S+ level=WARN msg="X-Forwarded-For ignored" peer=127\.0\.0\.1 reason="[^"]+" hint="if it is your proxy, write trusted_proxies=\[\\"127\.0\.0\.1\\"\] in LdConfig"\n$`, logged())
	read(&f, "fe80::1%eth0", "Forwarded: for=1.2.3.4\r\n")
	assert.Regexp(t, `msg="Forwarded ignored" peer=fe80::1%eth0 .*\[\\"fe80::1\\"\]`, logged())
	read(&f, "", named)
	assert.Contains(t, logged(), `peer="unix socket"`)
	for i := range 100 {
		read(&f, fmt.Sprintf("198.51.100.%d", i), named)
		read(&f, fmt.Sprintf("10.0.0.%d", i), named)
	}
	text := logged()
	assert.Equal(t, maxFarPeers, strings.Count(text, "peer=198.51.100."))
	assert.Equal(t, maxNearPeers-3, strings.Count(text, "peer=10.0.0."))
	for _, line := range []string{`"X-Forwarded-For ignored of more peers on private addresses" reason="8 others`, `"X-Forwarded-For ignored of more peers on public addresses" reason="2 others`} {
		assert.Equal(t, 1, strings.Count(text, line), text)
	}
	assert.Equal(t, maxFarPeers+maxNearPeers-3+2, strings.Count(text, "\n"))

	f = newForwarder(plan.ForwardedAppend, trustLocal, log)
	read(&f, "10.0.0.1", named)
	assert.Empty(t, logged(), "it is trusted")
	read(&f, "192.168.0.1", named)
	assert.Contains(t, logged(), `add \"192.168.0.1\" to trusted_proxies`)

	f = newForwarder(plan.ForwardedOff, nil, log)
	read(&f, "10.0.0.1", named)
	assert.Empty(t, logged(), "the app is told nothing in this mode")
}

// TestIgnoredPeersAllocate checks that neither a request without the fields nor
// one of a peer that was logged allocates.
func TestIgnoredPeersAllocate(t *testing.T) {
	f := newForwarder(plan.ForwardedSet, nil, slog.New(slog.DiscardHandler))
	for _, fields := range []string{"", "X-Forwarded-For: 1.2.3.4\r\n"} {
		var req http1.Request
		_, err := req.Parse([]byte("GET / HTTP/1.1\r\nHost: a.b\r\n"+fields+"\r\n"), nil)
		require.Nil(t, err)
		s := new(sender)
		f.read(s, &req.Request, local, "8000", false)
		assert.Zero(t, testing.AllocsPerRun(100, func() { f.read(s, &req.Request, local, "8000", false) }))
	}
}

// TestIgnoredPeersOfPlans checks that a peer is logged again only for a plan that
// trusts others.
func TestIgnoredPeersOfPlans(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		var out bytes.Buffer
		r := newRig(t, driver, nil, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&out, nil)) })
		u := r.worker("default", answering(hello))
		ask := func() {
			c := r.client()
			c.say(http1test.Post("X-Forwarded-For: 1.2.3.4\r\nContent-Length: 0\r\nConnection: close\r\n"))
			c.rest()
			r.idleAgain(u)
		}
		publish := func(trusted ...netip.Prefix) {
			next := *r.proxy.snap.Load()
			p := *next.Plan
			p.TrustedProxies, next.Plan = trusted, &p
			r.proxy.Publish(&next)
		}
		ask()
		publish()
		ask()
		publish(netip.MustParsePrefix("192.0.2.0/24"))
		ask()
		ask()
		r.stop()
		<-r.proxy.Drained()
		assert.Equal(t, 1, strings.Count(out.String(), "ignored\" peer=127.0.0.1 reason=\"the peer is not in trusted_proxies, so its own address is the client's\" hint=\"if it is your proxy, write "), out.String())
		assert.Equal(t, 2, strings.Count(out.String(), "X-Forwarded-For ignored"), out.String())
	})
}
