package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/plan"
)

func parsed(t *testing.T, lines string) *http1.Request {
	t.Helper()
	req := new(http1.Request)
	n, err := req.Parse([]byte("GET / HTTP/1.1\r\nHost: a\r\n"+lines+"\r\n"), nil)
	require.Nil(t, err)
	require.Positive(t, n)
	return req
}

func TestCookieOfARequest(t *testing.T) {
	for lines, want := range map[string]string{
		"":                                    "",
		"Cookie: sid=1\r\n":                   "1",
		"cookie: a=b; sid=x=y; c=d\r\n":       "x=y",
		"Cookie: a=b;sid=2\r\n":               "2",
		"Cookie: a=b\r\nCookie: sid=3\r\n":    "3",
		"Cookie: sid=4; sid=5\r\n":            "4",
		"Cookie: xsid=1; sidx=2; SID=3\r\n":   "",
		"Cookie: sid\r\n":                     "",
		"Cookie: ;; =; sid=\r\n":              "",
		"Cookie: a=\"b; sid=6\"; sid=7\r\n":   "6\"", // as Python reads it: a quote protects nothing
		"X-Cookie: sid=1\r\n":                 "",
		"Cookie: " + "a=b; sid=8 \t; c=d\r\n": "8",
	} {
		assert.Equal(t, want, string(cookie(parsed(t, lines), "sid")), "%q", lines)
	}
}

func TestHeaderOfARequest(t *testing.T) {
	req := parsed(t, "X-User: bob\r\nx-user: eve\r\nConnection: x-hop\r\nX-Hop: 1\r\nX_User: mallory\r\n")
	assert.Equal(t, "bob", string(header(req, "x-user")))
	assert.Empty(t, header(req, "x-hop"), "the app does not see it")
	assert.Empty(t, header(req, "x_user"), "the app does not see it")
	assert.Empty(t, header(req, "x-other"))
}

func TestClientOfARequest(t *testing.T) {
	peer, proxy := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("10.0.0.1")
	f := &forwarder{mode: plan.ForwardedSet, trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, port: "80"}
	req := parsed(t, "X-Forwarded-For: 203.0.113.9, 198.51.100.7, 10.2.3.4\r\n")
	assert.Equal(t, peer, f.client(req, peer), "a stranger's word counts for nothing")
	assert.Equal(t, "198.51.100.7", f.client(req, proxy).String())
	assert.Equal(t, proxy, f.client(parsed(t, ""), proxy))
}

// TestSticky: requests of one key go to one worker, on any connection, and
// those without are spread.
func TestSticky(t *testing.T) {
	lines := func(form string) func(int) string {
		return func(i int) string { return fmt.Sprintf(form, i) }
	}
	for name, c := range map[string]struct {
		key   plan.Key
		lines func(i int) string
	}{
		"cookie": {plan.Key{By: plan.KeyCookie, Name: "sid"}, lines("Cookie: a=b; sid=%d\r\n")},
		"header": {plan.Key{By: plan.KeyHeader, Name: "x-user"}, lines("X-User: %d\r\n")},
		"client": {plan.Key{By: plan.KeyClientIP}, lines("X-Forwarded-For: 10.0.0.%d\r\n")},
	} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				p := planOf(t, map[string]string{"default": "*"})
				p.Pools[0].Sticky = c.key
				p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
				r := newRig(t, driver, p)
				for i := range 3 {
					r.worker("default", naming(i))
				}
				seen := map[string]bool{}
				for i := range 20 {
					in := "GET / HTTP/1.1\r\nHost: a\r\n" + c.lines(i) + "\r\n"
					first := bodyOf(r, in)
					seen[first] = true
					for range 3 {
						assert.Equal(t, first, bodyOf(r, in))
					}
				}
				assert.Len(t, seen, 3)
				if c.key.By == plan.KeyClientIP {
					return // everybody has one
				}
				clear(seen)
				for range 3 {
					seen[bodyOf(r, http1test.Get("/"))] = true
				}
				assert.Len(t, seen, 3, "those without a key take turns")
			})
		})
	}
}

// naming answers with a number.
func naming(i int) manner {
	return func(c net.Conn, in *bufio.Reader) {
		for {
			if _, err := readHead(in); err != nil {
				return
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d", i)
		}
	}
}

func bodyOf(r *rig, in string) string {
	r.t.Helper()
	c := r.client()
	c.say(in)
	_, body := c.hear("GET")
	require.NoError(r.t, c.CloseWrite())
	_, _ = io.Copy(io.Discard, c)
	return body
}
