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

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// tryParse parses a request with these lines in its head.
func tryParse(lines string) (*head.Request, bool) {
	req := new(http1.Request)
	in := []byte("GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n")
	n, err := req.Parse(in, &http1.Limits{MaxHead: 1 << 20, MaxLine: 8 << 10, MaxFields: 200})
	return &req.Request, err == nil && n == len(in)
}

func parsed(t testing.TB, lines string) *head.Request {
	t.Helper()
	req, ok := tryParse(lines)
	require.True(t, ok, "%.200q", lines)
	return req
}

func TestClientOfARequest(t *testing.T) {
	peer, proxy := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("10.0.0.1")
	f := &forwarder{mode: plan.ForwardedSet, trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	req := parsed(t, "X-Forwarded-For: 203.0.113.9, 198.51.100.7, 10.2.3.4\r\n")
	assert.Equal(t, peer, senderOf(f, req, peer).addr, "an untrusted peer is not believed")
	assert.Equal(t, "198.51.100.7", senderOf(f, req, proxy).addr.String())
	assert.Equal(t, proxy, senderOf(f, parsed(t, ""), proxy).addr)
}

// TestSchemeOfARequest checks that only trusted peers are believed, and that
// the scheme is one that the app is told too.
func TestSchemeOfARequest(t *testing.T) {
	peer, proxy := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("10.0.0.1")
	f := &forwarder{mode: plan.ForwardedSet, trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	secure := parsed(t, "X-Forwarded-Proto: http, HTTPS\r\n")
	assert.Equal(t, "http", senderOf(f, secure, peer).scheme(f.mode))
	assert.Equal(t, "https", senderOf(f, secure, proxy).scheme(f.mode))
	assert.Equal(t, "http", senderOf(f, parsed(t, "X-Forwarded-Proto: ftp\r\n"), proxy).scheme(f.mode))
	assert.Equal(t, "http", senderOf(f, parsed(t, ""), proxy).scheme(f.mode))
	f.mode = plan.ForwardedOff
	assert.Equal(t, "http", senderOf(f, secure, proxy).scheme(f.mode))
}

// TestSticky checks that requests with one key go to one worker, on any
// connection, and that requests without a key are spread.
func TestSticky(t *testing.T) {
	lines := func(form string) func(int) string {
		return func(i int) string { return fmt.Sprintf(form, i) }
	}
	for name, c := range map[string]struct {
		key   match.Key
		lines func(i int) string
	}{
		"cookie": {match.Key{By: match.KeyCookie, Name: "sid"}, lines("Cookie: a=b; sid=%d\r\n")},
		"header": {match.Key{By: match.KeyHeader, Name: "x-user"}, lines("X-User: %d\r\n")},
		"client": {match.Key{By: match.KeyClientIP}, lines("X-Forwarded-For: 10.0.0.%d\r\n")},
	} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				p := planOf(t, map[string]string{"default": "*"})
				p.Groups[0].Sticky = plan.Sticky{Key: c.key}
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
				if c.key.By == match.KeyClientIP {
					return // every worker has one
				}
				clear(seen)
				for range 3 {
					seen[bodyOf(r, http1test.Get("/"))] = true
				}
				assert.Len(t, seen, 3, "requests without a key take turns")
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
