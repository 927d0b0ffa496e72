package proxy

import (
	"io"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/logtest"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

const (
	namedClient = "PROXY TCP4 198.51.100.7 192.0.2.1 1234 443\r\n"
	namedProxy  = "PROXY TCP4 10.1.2.3 192.0.2.1 1234 443\r\n"
	namedNobody = "PROXY UNKNOWN\r\n"

	version2   = "\r\n\r\n\x00\r\nQUIT\n"
	namedLocal = version2 + "\x20\x00\x00\x00"
)

// anonymous are headers for clients that the proxy does not name.
var anonymous = map[string]string{
	"UNKNOWN":                namedNobody,
	"UNKNOWN-with-addresses": "PROXY UNKNOWN 10.1.2.3 192.0.2.1 1234 443\r\n",
	"AF_UNSPEC":              version2 + "\x21\x00\x00\x00",
	"AF_UNSPEC-with-TLVs":    version2 + "\x21\x00\x00\x03\x04\x00\x00",
	"AF_UNIX":                version2 + "\x21\x31\x00\xd8" + strings.Repeat("x", 216),
	"datagrams":              version2 + "\x21\x12\x00\x0c\x0a\x01\x02\x03\x0a\x01\x02\x03\x00\x50\x00\x50",
}

// told returns the head that the worker got for a path.
func (u *upstream) told(t *testing.T, path string) string {
	t.Helper()
	all := strings.Join(u.received(), "")
	_, rest, ok := strings.Cut(all, "GET "+path+" ")
	require.True(t, ok, "no request for %s in %q", path, all)
	head, _, _ := strings.Cut(rest, "\r\n\r\n")
	return head + "\r\n"
}

func ask(path, more string) string { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + more + "\r\n" }

// named returns a rig whose clients speak the PROXY protocol, and its log.
func named(t *testing.T, driver string, limit time.Duration) (*rig, *upstream, *logtest.Text) {
	t.Helper()
	log := new(logtest.Text)
	p := planOf(t, map[string]string{"default": "*"})
	p.HeaderTimeout = limit
	p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	r := newRig(t, driver, p, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(log, nil)) })
	u := r.worker("default", serves)
	listenAs(t, r)
	r.with(func(l *plan.Listener) { l.ProxyProtocol = true })
	return r, u, log
}

// TestNamedClients checks that a worker learns of the client that the PROXY protocol
// names, for each request of a connection, and that this client is asked whether it is
// trusted.
func TestNamedClients(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r, u, log := named(t, driver, time.Hour)
		const forged = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 8443\r\n"
		for _, c := range []struct{ why, header, more, want string }{
			{"a client", namedClient, "", "X-Forwarded-For: 198.51.100.7\r\nX-Real-IP: 198.51.100.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\nX-Forwarded-Port: 443\r\n"},
			{"a client that forges", namedClient, forged, "X-Forwarded-For: 198.51.100.7\r\nX-Real-IP: 198.51.100.7\r\nX-Forwarded-Proto: http\r\n"},
			{"a trusted proxy", namedProxy, forged, "X-Forwarded-For: 203.0.113.9\r\nX-Real-IP: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a\r\nX-Forwarded-Port: 8443\r\n"},
			{"the peer itself", namedLocal, "", "X-Forwarded-For: 127.0.0.1\r\n"},
			{"the peer itself for another", namedLocal, forged, "X-Forwarded-For: 203.0.113.9\r\n"},
		} {
			x := r.client()
			for i, first := range []string{c.header, ""} {
				path := "/" + strings.ReplaceAll(c.why, " ", "-") + strings.Repeat("/again", i)
				x.say(first + ask(path, c.more))
				head, _ := x.hear("GET")
				assert.Contains(t, head, "200 OK")
				assert.Contains(t, u.told(t, path), c.want)
			}
		}
		x := r.client()
		for _, b := range []byte(namedClient + http1test.Get("/")) {
			x.say(string(b))
		}
		head, _ := x.hear("GET")
		assert.Contains(t, head, "200 OK")
		assert.NotContains(t, log.String(), "refused")
	})
}

// TestNamedClients_Anonymous checks that the fields of a client that the PROXY protocol
// does not name are not believed, for each request of a connection, although the proxy is
// trusted, and that the log says so once.
func TestNamedClients_Anonymous(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r, u, log := named(t, driver, time.Hour)
		r.with(func(l *plan.Listener) { l.Forwarded = plan.ForwardedAppend })
		for why, header := range anonymous {
			x := r.client()
			for i, more := range []string{
				"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\nX-Forwarded-Port: 8443\r\n",
				"Forwarded: for=203.0.113.9;proto=https;host=b\r\n",
				"",
			} {
				path := "/" + why + strings.Repeat("/again", i)
				x.say(header + ask(path, more))
				header = ""
				head, _ := x.hear("GET")
				assert.Contains(t, head, "200 OK")
				got := u.told(t, path)
				assert.Contains(t, got, "X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n", why)
				for _, forged := range []string{"203.0.113.9", "https", "8443", "=b"} {
					assert.NotContains(t, got, forged, why)
				}
			}
		}
		assert.Regexp(t, `^time=\S+ level=WARN msg="(X-Forwarded-For|Forwarded) ignored" peer=127\.0\.0\.1 reason="the PROXY protocol header does not name the client, [^"]+" hint="[^"]+"\n$`, log.String())
		assert.NotContains(t, log.String(), "trusted_proxies", "the peer is in it already")
	})
}

// TestNamedClients_AnonymousRedirect checks that an anonymous client cannot pass for one
// that uses TLS.
func TestNamedClients_AnonymousRedirect(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r, u, _ := named(t, driver, time.Hour)
		r.with(func(l *plan.Listener) { l.RedirectHTTPS = true })
		for why, header := range anonymous {
			c := r.client()
			c.say(header + ask("/x", "X-Forwarded-Proto: https\r\n"))
			head, _ := c.hear("GET")
			assert.Contains(t, head, "Location: https://a/x\r\n", why)
		}
		assert.Empty(t, u.received())
	})
}

// TestNamedClients_Required checks that a connection without a header is closed without
// an answer and logged once, that a header that comes slowly is, too, and that a
// connection without a byte is nothing to talk about.
func TestNamedClients_Required(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r, u, log := named(t, driver, 20*time.Millisecond)
		for range 3 {
			c := r.client()
			require.NoError(t, c.CloseWrite())
			assert.Empty(t, c.rest())
		}
		assert.Empty(t, log.String())
		closed := func(say string) {
			t.Helper()
			c := r.client()
			c.say(say)
			got, _ := io.ReadAll(c) // it can end with a reset
			assert.Empty(t, got)
		}
		closed(http1test.Get("/"))
		assert.Regexp(t, `^time=\S+ level=WARN msg="connection refused" addr=`+r.addr+` peer=127\.0\.0\.1 reason="the connection does not begin with a PROXY protocol header" hint="[^"]+"\n$`, log.String())
		closed("PROXY TCP4 ")
		closed("\x16\x03\x01")
		assert.Equal(t, 1, strings.Count(log.String(), "refused"))
		assert.Empty(t, u.received())
		assert.Equal(t, map[string]uint64{"missing": 2, "late": 1, "malformed": 0, "truncated": 0, "untrusted": 0}, r.proxy.Refused())

		c := r.client()
		c.say(namedClient + "GET / HT")
		assert.Contains(t, c.rest(), "408 Request Timeout", "the head has a limit of its own")
	})
}

// TestNamedClients_Reload checks that a reload changes what is required of later
// connections, and whom they may come from.
func TestNamedClients_Reload(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r, u, log := named(t, driver, time.Hour)
		before := r.client()
		before.say(namedClient + http1test.Get("/"))
		before.hear("GET")
		r.with(func(l *plan.Listener) { l.ProxyProtocol = false })
		before.say(ask("/before", ""))
		before.hear("GET")
		after := r.client()
		after.say(ask("/after", ""))
		after.hear("GET")
		assert.Contains(t, u.told(t, "/before"), "X-Forwarded-For: 198.51.100.7\r\n")
		assert.Contains(t, u.told(t, "/after"), "X-Forwarded-For: 127.0.0.1\r\n")

		r.with(func(l *plan.Listener) {
			l.ProxyProtocol, l.TrustedProxies = true, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		})
		stranger := r.client()
		stranger.say(namedClient + http1test.Get("/"))
		got, _ := io.ReadAll(stranger)
		assert.Empty(t, got)
		assert.Contains(t, log.String(), `reason="the peer is not in trusted_proxies, so it cannot name its clients" hint="if it is your load balancer, add \"127.0.0.1\" to trusted_proxies"`)
	})
}

// TestNamedClients_Redirect checks that a client of a load balancer is not sent to a port
// of this machine, which it does not know.
func TestNamedClients_Redirect(t *testing.T) {
	r, _, _ := named(t, "", time.Hour)
	r.with(func(l *plan.Listener) { l.RedirectHTTPS = true })
	next := *r.plan
	next.Listeners = append(next.Listeners, plan.Listener{Bind: plan.Bind{Network: "tcp", Address: ":8443"}, TLS: []plan.TLS{{}}})
	r.plan = &next
	r.publish()
	c := r.client()
	c.say("PROXY TCP4 198.51.100.7 192.0.2.1 1234 80\r\n" + ask("/x", ""))
	head, _ := c.hear("GET")
	assert.Contains(t, head, "Location: https://a/x\r\n")
}

// TestNamedClients_UnixSocket checks that the peers of a unix socket can name clients.
func TestNamedClients_UnixSocket(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t, map[string]string{"default": "*"})
		r := newRig(t, driver, p)
		u := r.worker("default", serves)
		path := filepath.Join(t.TempDir(), "s")
		sock, err := net.Listen("unix", path)
		require.NoError(t, err)
		of := plan.Listener{Bind: plan.Bind{Network: "unix", Address: path}, Forwarded: plan.ForwardedSet, ProxyProtocol: true,
			TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
		require.NoError(t, r.proxy.Listen(netloop.NewListener(sock), &of))
		const forged = "X-Forwarded-For: 203.0.113.9\r\n"
		for i, x := range [][2]string{
			{namedClient, "X-Forwarded-For: 198.51.100.7\r\n"},
			{namedLocal, forged},
			{namedNobody, "X-Forwarded-Proto: http\r\n"},
		} {
			at := "/" + strings.Repeat("x", i)
			c, err := net.Dial("unix", path)
			require.NoError(t, err)
			_, err = io.WriteString(c, x[0]+ask(at, forged+"Connection: close\r\n"))
			require.NoError(t, err)
			got, err := io.ReadAll(c)
			require.NoError(t, err)
			assert.Contains(t, string(got), "200 OK")
			c.Close()
			assert.Contains(t, u.told(t, at), x[1])
			assert.Equal(t, x[1] == forged, strings.Contains(u.told(t, at), "203.0.113.9"))
		}
	})
}

// TestNamedClientAllocatesNothing checks that a request of a connection whose layer has
// gone costs no more than another.
func TestNamedClientAllocatesNothing(t *testing.T) {
	countsAllocations(t)
	p := planOf(t, map[string]string{"default": "*"})
	p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	r := newRig(t, "epoll", p)
	in := []byte(ask("/", "X-Request-ID: abc\r\n"))
	r.worker("default", parrot(string(in), hello))
	listenAs(t, r)
	r.with(func(l *plan.Listener) { l.ProxyProtocol = true })
	c := r.client()
	c.say(namedClient)
	buf := make([]byte, 1<<10)
	once := func() {
		_, _ = c.Write(in)
		_, _ = c.Read(buf)
	}
	for range 20 {
		once()
	}
	require.Less(t, testing.AllocsPerRun(1000, once), 0.5)
}
