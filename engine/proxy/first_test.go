package proxy

import (
	"bufio"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// listenAs makes the rig listen as its plan says, on its first listener, and clients
// connect there.
func listenAs(t *testing.T, r *rig) *netloop.Listener {
	t.Helper()
	ln := newListenerOf(t)
	bind := plan.Bind{Network: "tcp", Address: ln.Name()}
	r.plan.Listeners = []plan.Listener{{Bind: bind, Forwarded: r.plan.Forwarded, TrustedProxies: r.plan.TrustedProxies}}
	if err := r.proxy.Listen(ln, &r.plan.Listeners[0]); err != nil {
		t.Fatal(err)
	}
	r.publish()
	r.addr = ln.Name()
	return ln
}

// with publishes the plan with another setting of its first listener.
func (r *rig) with(change func(*plan.Listener)) {
	next := *r.plan
	next.Listeners = append([]plan.Listener{}, r.plan.Listeners...)
	change(&next.Listeners[0])
	r.plan = &next
	r.publish()
}

const target = "/a%20b//c?x=1&y=%2F\\"

// TestRedirectHTTPS checks what a listener with redirect_https answers: nothing but
// the host, the path and the query that came.
func TestRedirectHTTPS(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.worker("default", answering(hello))
		listenAs(t, r)
		r.with(func(l *plan.Listener) { l.RedirectHTTPS = true })
		redirect := func(to string) string {
			return "HTTP/1.1 308 Permanent Redirect\r\nLocation: " + to + "\r\nContent-Length: 0\r\n"
		}
		for _, c := range []struct{ name, request, want string }{
			{"all of it", "GET " + target + " HTTP/1.1\r\nHost: example.com\r\n\r\n", redirect("https://example.com" + target)},
			{"port", "GET / HTTP/1.1\r\nHost: example.com:8080\r\n\r\n", redirect("https://example.com/")},
			{"IPv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", redirect("https://[::1]/")},
			{"absolute", "GET http://example.com?x HTTP/1.1\r\nHost: example.com\r\n\r\n", redirect("https://example.com/?x")},
			{"path like a host", "GET //evil.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n", redirect("https://example.com//evil.com/")},
			{"no path", "OPTIONS * HTTP/1.1\r\nHost: example.com\r\n\r\n", redirect("https://example.com")},
			{"post", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", redirect("https://a/")},
			{"websocket", "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", redirect("https://a/")},
			{"old with host", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", redirect("https://a/")},
			{"old without host", "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 400 "},
			{"untrusted", "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.com\r\n\r\n", redirect("https://a/")},
			{"user", "GET / HTTP/1.1\r\nHost: a@evil.com\r\n\r\n", "HTTP/1.1 400 "},
			{"slash", "GET / HTTP/1.1\r\nHost: evil.com/a\r\n\r\n", "HTTP/1.1 400 "},
			{"two hosts", "GET http://evil.com/ HTTP/1.1\r\nHost: a\r\n\r\n", redirect("https://evil.com/")},
		} {
			x := r.client()
			x.say(c.request)
			head, _ := x.hear(strings.Fields(c.request)[0])
			assert.True(t, strings.HasPrefix(plain(head), c.want), "%s: %s", c.name, head)
		}
		x := r.client()
		x.say("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n")
		head, _ := x.hear("HEAD")
		assert.Contains(t, head, "Location: https://a/x\r\n")
		x.say("GET /y HTTP/1.1\r\nHost: a\r\n\r\n")
		head, _ = x.hear("GET")
		assert.Contains(t, head, "Location: https://a/y\r\n", "the connection goes on")

		r.with(func(l *plan.Listener) { l.RedirectHTTPS = false })
		x.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		head, body := x.hear("GET")
		assert.Contains(t, head, " 200 ", "in place, from the next request on")
		assert.Equal(t, "hello", body)
		r.with(func(l *plan.Listener) {
			l.RedirectHTTPS, l.TrustedProxies = true, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		})
		for forwarded, want := range map[string]string{
			"X-Forwarded-Proto: https\r\n":                            " 200 ",
			"Forwarded: proto=https\r\n":                              " 200 ",
			"X-Forwarded-Proto: http\r\nX-Forwarded-Host: b:8443\r\n": "Location: https://b/\r\n",
			"X-Forwarded-Host: b:1:2\r\n":                             "Location: https://a/\r\n",
			"":                                                        "Location: https://a/\r\n",
		} {
			x.say("GET / HTTP/1.1\r\nHost: a\r\n" + forwarded + "\r\n")
			head, _ = x.hear("GET")
			assert.Contains(t, head, want, forwarded)
		}
	})
}

// TestListenerSettings checks that each listener has its own settings, that they
// change in place, and that connections that outlive their listener keep the last.
func TestListenerSettings(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		asked := make(chan string, 1)
		r.worker("default", func(c net.Conn, in *bufio.Reader) {
			for {
				head, err := readHead(in)
				if err != nil {
					return
				}
				asked <- head
				if _, err := io.WriteString(c, hello); err != nil {
					return
				}
			}
		})
		other, addr := r.client(), r.addr
		ln := listenAs(t, r)
		x := r.client()
		clientOf := func(c *client) string {
			c.say("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
			c.hear("GET")
			_, rest, _ := strings.Cut(<-asked, "X-Forwarded-For: ")
			ip, _, _ := strings.Cut(rest, "\r\n")
			return ip
		}
		assert.Equal(t, "127.0.0.1", clientOf(x))
		r.with(func(l *plan.Listener) { l.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
		assert.Equal(t, "192.0.2.1", clientOf(x))
		assert.Equal(t, "127.0.0.1", clientOf(other))

		// The plan names the socket in other words.
		bind := plan.Bind{Network: "tcp", Address: "localhost:" + ln.Port()}
		r.with(func(l *plan.Listener) { l.Bind = bind })
		assert.Equal(t, "192.0.2.1", clientOf(x), "as before, until Rename")
		r.proxy.Rename(ln, bind)
		r.with(func(l *plan.Listener) { l.TrustedProxies = nil })
		assert.Equal(t, "127.0.0.1", clientOf(x))
		r.with(func(l *plan.Listener) { l.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })

		// The listener goes.
		next := *r.plan
		next.Listeners = nil
		r.plan = &next
		r.publish()
		r.proxy.Leave(ln)
		<-ln.Closed()
		assert.Equal(t, "192.0.2.1", clientOf(x))
		r.addr = addr
		assert.Equal(t, "127.0.0.1", clientOf(r.client()))
	})
}
