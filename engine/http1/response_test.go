package http1

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1/http1test"
)

var answer = http1test.Answer

func TestBadAnswers(t *testing.T) {
	for _, c := range http1test.BadAnswers {
		var r Response
		_, err := requireSplitsAgree(t, &r, []byte(c.In), nil)
		shown := c.In[:min(len(c.In), 100)]
		if assert.NotNil(t, err, "%q: %s", shown, c.Why) {
			assert.Equal(t, 502, err.Status, "%q: %s", shown, c.Why)
		}
	}
}

// answers lists heads of a worker and what must be read from them: status,
// reason, how the body ends for GET and for HEAD, keep-alive, and what is
// forwarded.
var answers = []struct{ in, want, why string }{
	{answer("Content-Length: 5\r\n"), "200 OK length none keep", "RFC 9112 §6.3"},
	{answer("Content-Length: 0\r\n"), "200 OK none none keep", "nothing to read"},
	{answer("Transfer-Encoding: Chunked\r\n"), "200 OK chunked none keep", "RFC 9112 §6.3"},
	{answer("Content-Length: 5\r\nContent-Length: 5\r\n"), "200 OK length none keep", "RFC 9112 §6.3 rule 5: equal lines are one"},
	{answer("content-length: 5\r\nX: a\r\nCONTENT-LENGTH:5\r\nContent-Length: 5 \r\n"), "200 OK length none keep X: a", "the same for three, in any case"},
	{answer("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "200 OK chunked none", "RFC 9112 §6.3 rule 3: chunked wins, and the connection ends"},
	{answer("Transfer-Encoding: chunked\r\nContent-Length: 5\r\nContent-Length: 5\r\n"), "200 OK chunked none", "the same for two equal lengths in the other order"},
	{"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "304 Not Modified none none", "no body either way"},
	{answer("Content-Type: a\r\nContent-Length: 0\r\ncontent-type: a\r\n"), "200 OK none none keep content-type: a", "equal lines are one"},
	{answer("Content-Type: text/plain\r\nContent-Length: 0\r\ncontent-type: a/b\r\nX: a\r\nContent-Type: c/d\r\n"), "200 OK none none keep X: a Content-Type: c/d", "the last one counts, as in browsers"},
	{answer(""), "200 OK until close none keep", "RFC 9112 §6.3 rule 8"},
	{"HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n", "200 OK none none keep", "RFC 9110 §2.5: as HTTP/1.1; nginx, HAProxy and Caddy take it"},
	{answer("Content-Length: 0\r\nConnection: keep-alive, timeout=5\r\n"), "200 OK none none keep", "what is no token names nothing"},
	{"HTTP/1.1 426 x\r\nContent-Length: 0\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "426 x none none keep Upgrade: websocket", "RFC 9110 §15.5.22: nginx and HAProxy keep it"},
	{"HTTP/1.1 426 x\r\nContent-Length: 0\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n\r\n", "426 x none none keep Upgrade: websocket Upgrade: h2c", "without Connection, which we write"},
	{answer("Content-Length: 0\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n"), "200 OK none none keep", "an offer that needs no answer"},
	{answer("Connection: close\r\n"), "200 OK until close none", "RFC 9112 §9.6"},
	{"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", "200 OK length none", "HTTP/1.0"},
	{"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n", "200 OK length none keep", "HTTP/1.0 with keep-alive"},
	{"HTTP/1.1 204 No Content\r\n\r\n", "204 No Content none none keep", "RFC 9112 §6.3 rule 1"},
	{"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "204 No Content none none keep", "a length without a body"},
	{"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304 Not Modified none none keep", "RFC 9110 §15.4.5"},
	{"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "103 Early Hints none none keep Link: </a>", "RFC 8297"},
	{"HTTP/1.1 299 \r\n\r\n", "299  until close none keep", "an empty reason"},
	{"HTTP/1.1 200\r\n\r\n", "200  until close none keep", "RFC 9112 §4 wants a space; many leave it out"},
	{"HTTP/1.1 599 caf\xc3\xa9\tx\r\n\r\n", "599 café\tx until close none keep", "RFC 9112 §4: obs-text"},
	{"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: x\r\n\r\n",
		"101 Switching Protocols none none keep upgrade Sec-WebSocket-Accept: x", "RFC 6455 §4.2.2"},
	{"HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", "101 x none none keep", "not a websocket"},
	{"HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n", "101 x none none keep", "Connection does not say so"},
	{answer("Connection: X-A\r\nX-A: 1\r\nX_B: 2\r\nSet-Cookie: a\r\nset-cookie: b\r\nKeep-Alive: 5\r\nContent-Length: 0\r\n"),
		"200 OK none none keep X_B: 2 Set-Cookie: a set-cookie: b", "hop-by-hop fields"},
}

func TestAnswers(t *testing.T) {
	for _, c := range answers {
		var r Response
		n, err := requireSplitsAgree(t, &r, []byte(c.in+"next"), nil)
		require.Nil(t, err, "%q: %s", c.in, c.why)
		assert.Equal(t, len(c.in), n, "%q: %s", c.in, c.why)
		got := fmt.Sprintf("%d %s %s %s", r.Status, r.Reason, r.BodyMode(false), r.BodyMode(true))
		if r.KeepAlive {
			got += " keep"
		}
		if r.Upgrade {
			got += " upgrade"
		}
		if fields := string(AppendForwardable(nil, r.Fields, 0)); fields != "" {
			got += " " + strings.TrimSuffix(strings.ReplaceAll(fields, "\r\n", " "), " ")
		}
		assert.Equal(t, c.want, got, "%q: %s", c.in, c.why)
	}
	var r Response
	_, err := r.Parse([]byte(answer("Server: x\r\nConnection: Location\r\nLocation: /\r\n")), nil)
	require.Nil(t, err)
	assert.Equal(t, "x", string(r.Get(head.KindServer)))
	assert.Nil(t, r.Get(head.KindDate))
	assert.Nil(t, r.Get(head.KindLocation), "dropped")
	assert.True(t, r.Seen().Has(head.KindServer))
}
