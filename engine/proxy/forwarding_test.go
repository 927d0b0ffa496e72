package proxy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestForwarding checks the table "Changed on the way to the worker" in the
// mode that writes no forwarded fields: what comes in and what the worker gets,
// with ID for our request id.
func TestForwarding(t *testing.T) {
	const id = "X-Request-ID: ID\r\n"
	for _, c := range []struct{ why, in, want string }{
		{"other bytes, order and case stay as they came",
			"GET /a%2Fb//c;d?e=%20&f HTTP/1.1\r\nhOsT: A.b:80\r\nX-B: 1\r\nx-a: 2,\t3 \xe9\r\nX-B: 4\r\nX-Empty:\r\n\r\n",
			"GET /a%2Fb//c;d?e=%20&f HTTP/1.1\r\nhOsT: A.b:80\r\nX-B: 1\r\nx-a: 2,\t3 \xe9\r\nX-B: 4\r\nX-Empty: \r\n" + id + "\r\n"},
		{"broken escapes in a query, which browsers send: only the app decodes it",
			"GET /?q=100%&a=%zz&b=%00 HTTP/1.1\r\nHost: a\r\n\r\n",
			"GET /?q=100%&a=%zz&b=%00 HTTP/1.1\r\nHost: a\r\n" + id + "\r\n"},
		{"spaces around values go: RFC 9112 section 5.1",
			"GET / HTTP/1.1\r\nHost:a\r\nX:   b  \r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n" + id + "\r\n"},
		{"hop-by-hop fields: RFC 9110 section 7.6.1",
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nTE: trailers\r\nProxy-Authorization: x\r\nX: y\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n" + id + "\r\n"},
		{"fields that Connection names, before ours are set",
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Hop, x-other\r\nX-Hop: 1\r\nX-Other: 2\r\nX-Kept: 3\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nX-Kept: 3\r\n" + id + "\r\n"},
		{"Connection cannot take our id away",
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Request-ID\r\nX-Request-ID: mine\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\n" + id + "\r\n"},
		{"names that WSGI and ASGI fold: CVE-2026-3902",
			"GET / HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: 1.2.3.4\r\nX_Y: 1\r\nX-Y: 2\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nX-Y: 2\r\n" + id + "\r\n"},
		{"Proxy: httpoxy, CVE-2016-5385",
			"GET / HTTP/1.1\r\nHost: a\r\nProxy: evil\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\n" + id + "\r\n"},
		{"forwarded fields of a client",
			"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\nX-Forwarded-Port: 1\r\nX-Real-IP: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\n" + id + "\r\n"},
		{"an id that is well-formed is kept, in our spelling; traceparent passes",
			"GET / HTTP/1.1\r\nHost: a\r\nx-request-id: 01H-z_.:+/=\r\ntraceparent: 00-a-b-01\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\ntraceparent: 00-a-b-01\r\nX-Request-ID: 01H-z_.:+/=\r\n\r\n"},
		{"an id that is not",
			"GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: a b\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\n" + id + "\r\n"},
		{"an id that is empty",
			"GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID:\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\n" + id + "\r\n"},
		{"an id that is long",
			"GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: " + strings.Repeat("a", maxIDLen+1) + "\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\n" + id + "\r\n"},
		{"two ids",
			"GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: a\r\nX-Request-ID: b\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\n" + id + "\r\n"},
		{"h2c is dropped, and the request goes on: CVE-2020-15129 class",
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\n" + id + "\r\n"},
		{"the absolute form becomes the origin form",
			"GET http://A:80/x?y HTTP/1.1\r\nHost: A:80\r\n\r\n",
			"GET /x?y HTTP/1.1\r\nHost: A:80\r\n" + id + "\r\n"},
		{"the absolute form without a path",
			"GET http://a?y HTTP/1.1\r\nHost: a\r\n\r\n",
			"GET /?y HTTP/1.1\r\nHost: a\r\n" + id + "\r\n"},
		{"OPTIONS of the server",
			"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
			"OPTIONS * HTTP/1.1\r\nHost: a\r\n" + id + "\r\n"},
		{"HTTP/1.0 without Host: RFC 9112 section 3.2",
			"GET / HTTP/1.0\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: ADDR\r\n" + id + "\r\n"},
		{"empty lines before a request: RFC 9112 section 2.2",
			"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\n" + id + "\r\n"},
		{"a method of its own",
			"PURGE / HTTP/1.1\r\nHost: a\r\n\r\n",
			"PURGE / HTTP/1.1\r\nHost: a\r\n" + id + "\r\n"},
		{"one framing field, ours, behind the others",
			"POST / HTTP/1.1\r\ncontent-length: 0003\r\nHost: a\r\n\r\nabc",
			"POST / HTTP/1.1\r\nHost: a\r\n" + id + "Content-Length: 3\r\n\r\nabc"},
		{"an empty body",
			"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
			"POST / HTTP/1.1\r\nHost: a\r\n" + id + "Content-Length: 0\r\n\r\n"},
		{"chunks are made anew: no extension, no trailer, no leading zero",
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\nTrailer: X\r\n\r\n0002;a=b\r\nab\r\nA\r\n0123456789\r\n000\r\nX: y\r\n\r\n",
			"POST / HTTP/1.1\r\nHost: a\r\n" + id + "Transfer-Encoding: chunked\r\n\r\nc\r\nab0123456789\r\n0\r\n\r\n"},
		{"an empty chunked body",
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			"POST / HTTP/1.1\r\nHost: a\r\n" + id + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"Expect is not forwarded",
			"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
			"POST / HTTP/1.1\r\nHost: a\r\n" + id + "Content-Length: 3\r\n\r\nabc"},
		{"no Accept-Encoding is added, none is changed",
			"GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br;q=1\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br;q=1\r\n" + id + "\r\n"},
	} {
		t.Run(c.why, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				p := planOf(t, map[string]string{"default": "*"})
				p.Forwarded = plan.ForwardedOff
				r := newRig(t, driver, p)
				u := r.worker("default", answering(hello))
				got := r.send(c.in)
				assert.Contains(t, got, "HTTP/1.1 200 OK\r\n")
				if assert.Len(t, u.received(), 1) {
					assert.Equal(t, strings.ReplaceAll(c.want, "ADDR", r.addr), plain(u.received()[0]))
				}
			})
		})
	}
}
