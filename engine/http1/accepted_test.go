package http1

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/head"
)

const handshakeLines = "Connection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// handshake returns a websocket handshake with one change.
func handshake(old, new string) string {
	return strings.Replace("GET /ws HTTP/1.1\r\nHost: a\r\n"+handshakeLines+"\r\n", old, new, 1)
}

// accepted lists heads that must be accepted, and what must be read from them.
// To extend the table, add one entry. If a rule is not clear, the entry says
// what nginx 1.22, HAProxy 2.6 and Caddy 2.6 make of the same bytes.
var accepted = []struct {
	in   string
	want string // of method, target and so on; see summary
	why  string
}{
	{get("/"), "GET path=/ host=a len=-1 keep", "the least that HTTP/1.1 asks for"},
	{"\r\n\r\n" + get("/"), "GET path=/ host=a len=-1 keep", "RFC 9112 §2.2"},
	{"GET / HTTP/1.0\r\n\r\n", "GET path=/ host= len=-1", "HTTP/1.0 without Host"},
	{"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET path=/ host= len=-1 keep", "RFC 9112 §9.3"},
	{"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "GET path=/ host= len=-1", "close wins"},
	{with("Connection: close\r\n"), "POST path=/ host=a len=-1", "RFC 9112 §9.6"},
	{with("Connection: x, ,CLOSE ,\r\n"), "POST path=/ host=a len=-1", "RFC 9110 §5.6.1: empty elements"},
	{with("Connection: TE, Keep-Alive, HTTP2-Settings\r\n"), "POST path=/ host=a len=-1 keep", "names of fields that are dropped anyway"},
	{with("Connection: keep-alive, timeout=5\r\n"), "POST path=/ host=a len=-1 keep", "clients that misuse Keep-Alive; all three accept it"},
	{with("Connection: close;x, \"X-A\", keep alive, (, \xff\r\n"), "POST path=/ host=a len=-1 keep", "text that is not a token names nothing; all three accept it"},
	{with("Connection: timeout=5, close\r\n"), "POST path=/ host=a len=-1", "and hides nothing"},
	{with("Connection:\r\n"), "POST path=/ host=a len=-1 keep", "an empty list"},
	{with("Content-Length: 5\r\n"), "POST path=/ host=a len=5 keep", "RFC 9112 §6.2"},
	{with("Content-Length: 0\r\n"), "POST path=/ host=a len=0 keep", "RFC 9112 §6.2"},
	{with("Content-Length:\t 007 \t\r\n"), "POST path=/ host=a len=7 keep", "RFC 9110 §8.6: 1*DIGIT"},
	{with("Content-Length: 999999999999999999\r\n"), "POST path=/ host=a len=999999999999999999 keep", "18 digits"},
	{with("Transfer-Encoding: chunked\r\n"), "POST path=/ host=a len=-1 keep chunked", "RFC 9112 §7.1"},
	{with("Transfer-Encoding: CHUNKED\r\n"), "POST path=/ host=a len=-1 keep chunked", "RFC 9112 §7: names of codings have no case"},
	{with("Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n"), "POST path=/ host=a len=-1 keep chunked", "RFC 9110 §6.6.2"},
	{with("Expect: 100-Continue\r\nContent-Length: 5\r\n"), "POST path=/ host=a len=5 keep expect", "RFC 9110 §10.1.1"},
	{with("Expect:\r\nContent-Length: 5\r\n"), "POST path=/ host=a len=5 keep", "an empty list"},
	{with("Expect: ,100-continue,\r\nContent-Length: 5\r\n"), "POST path=/ host=a len=5 keep expect", "RFC 9110 §5.6.1.2: empty elements"},
	{with("Expect: 100-continue\r\n"), "POST path=/ host=a len=-1 keep", "nothing to wait for"},
	{"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", "POST path=/ host= len=5", "RFC 9110 §10.1.1: HTTP/1.0 does not wait"},
	{with("TE: gzip, trailers\r\n"), "POST path=/ host=a len=-1 keep te", "RFC 9110 §10.1.4"},
	{"GET / HTTP/1.2\r\nHost: a\r\n\r\n", "GET path=/ host=a len=-1 keep", "RFC 9110 §2.5: as HTTP/1.1; all three accept it"},
	{"POST / HTTP/1.9\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n", "POST path=/ host=a len=-1 chunked", "RFC 9110 §2.5"},
	{"BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", "BREW path=/pot host=a len=-1 keep", "any token is a method"},
	{"!#$%&'*+-.^_`|~9aZ / HTTP/1.1\r\nHost: a\r\n\r\n", "!#$%&'*+-.^_`|~9aZ path=/ host=a len=-1 keep", "RFC 9110 §5.6.2"},
	{"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS path=* host=a len=-1 keep", "RFC 9112 §3.2.4"},
	{get("//a//b/"), "GET path=//a//b/ host=a len=-1 keep", "empty segments are the app's"},
	{get("/a?b=c?d/../e"), "GET path=/a query=b=c?d/../e host=a len=-1 keep", "a query has no segments"},
	{get("/a?b=100%"), "GET path=/a query=b=100% host=a len=-1 keep", "nobody decodes a query on the way; browsers send it"},
	{get("/?a=%zz&b=%00"), "GET path=/ query=a=%zz&b=%00 host=a len=-1 keep", "nobody decodes a query on the way"},
	{get("/?a=b\\c\\..\\d"), "GET path=/ query=a=b\\c\\..\\d host=a len=-1 keep", "browsers send a raw backslash in a query; all three pass it on"},
	{get("http://a?b\\c"), "GET path=/ query=b\\c origin=/?b\\c host=a len=-1 keep", "the same in an absolute-form"},
	{get("/a?"), "GET path=/a host=a len=-1 keep", "an empty query"},
	{get("/...?"), "GET path=/... host=a len=-1 keep", "three dots are a name"},
	{get("/.well-known/..a/b."), "GET path=/.well-known/..a/b. host=a len=-1 keep", "dots in names"},
	{get("/a..b/c./..."), "GET path=/a..b/c./... host=a len=-1 keep", "dots in names"},
	{get("/%41%2fb%20c"), "GET path=/A/b c raw=/%41%2fb%20c host=a len=-1 keep", "decoded once"},
	{get("/%252e%252e/%2541"), "GET path=/%2e%2e/%41 raw=/%252e%252e/%2541 host=a len=-1 keep", "and not twice"},
	{get("/caf%C3%A9"), "GET path=/café raw=/caf%C3%A9 host=a len=-1 keep", "UTF-8"},
	{get("/%ff%41"), "GET path=/\ufffdA raw=/%ff%41 host=a len=-1 keep", "not UTF-8: as Python's unquote"},
	{get("/a%0d%0ab"), "GET path=/a\r\nb raw=/a%0d%0ab host=a len=-1 keep", "escaped control bytes stay escaped on the wire"},
	{get("/a:b@c;d=e,f!$&'()*+\"<>^`{|}~"), "GET path=/a:b@c;d=e,f!$&'()*+\"<>^`{|}~ host=a len=-1 keep", "what browsers send raw"},
	{get("http://a/b?c"), "GET path=/b query=c origin=/b?c host=a len=-1 keep", "RFC 9112 §3.2.2"},
	{get("HTTP://A"), "GET path=/ origin=/ host=A len=-1 keep", "RFC 9110 §4.2.3: schemes and hosts have no case"},
	{get("http://b:80/c"), "GET path=/c origin=/c host=b:80 len=-1 keep", "RFC 9112 §3.2.2: the target overrides Host; Caddy likewise, nginx keeps Host, HAProxy refuses"},
	{"GET http://b/ HTTP/1.0\r\nHost: a\r\n\r\n", "GET path=/ origin=/ host=b len=-1", "the same on HTTP/1.0"},
	{get("http://b:/"), "GET path=/ origin=/ host=b len=-1 keep", "an empty port; all three accept it"},
	{get("https://a?b"), "GET path=/ query=b origin=/?b host=a len=-1 keep", "an empty path"},
	{"GET http://a:80/ HTTP/1.0\r\n\r\n", "GET path=/ origin=/ host=a:80 len=-1", "the authority stands in for Host"},
	{strings.Replace(get("/"), ": a", ": a.b.:80", 1), "GET path=/ host=a.b.:80 len=-1 keep", "RFC 1034 §3.1: a final dot"},
	{strings.Replace(get("/"), ": a", ": a:", 1), "GET path=/ host=a len=-1 keep", "RFC 3986 §3.2.3: an empty port; all three accept it"},
	{strings.Replace(get("/"), ": a", ": [::1]:", 1), "GET path=/ host=[::1] len=-1 keep", "RFC 3986 §3.2.3"},
	{strings.Replace(get("/"), ": a", ":a.example:8080", 1), "GET path=/ host=a.example:8080 len=-1 keep", "a port"},
	{strings.Replace(get("/"), ": a", ": my_app", 1), "GET path=/ host=my_app len=-1 keep", "names of containers"},
	{strings.Replace(get("/"), ": a", ": [2001:db8::1]:443", 1), "GET path=/ host=[2001:db8::1]:443 len=-1 keep", "RFC 3986 §3.2.2"},
	{strings.Replace(get("/"), ": a", ": 127.0.0.1:8000", 1), "GET path=/ host=127.0.0.1:8000 len=-1 keep", "an address"},
	{handshake("", ""), "GET path=/ws host=a len=-1 keep upgrade", "RFC 6455 §4.1"},
	{handshake("websocket", "WebSocket"), "GET path=/ws host=a len=-1 keep upgrade", "RFC 6455 §4.2.1: without case"},
	{handshake(": Upgrade", ": keep-alive, Upgrade"), "GET path=/ws host=a len=-1 keep upgrade", "Firefox"},
	{handshake("Host", "Content-Length: 0\r\nHost"), "GET path=/ws host=a len=0 keep upgrade", "no body"},
	{"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", "GET path=/ host=a len=-1 keep", "RFC 9110 §7.8: Connection does not name it, and no key"},
	{"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\r\n", "GET path=/ host=a len=-1 keep", "nginx with a fixed Connection"},
	{"POST / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: x\r\n\r\n", "POST path=/ host=a len=-1 keep", "a field like any other"},
	{handshake("websocket", "h2c"), "GET path=/ws host=a len=-1 keep", "h2c smuggling"},
	{longLine, "GET path=/" + longName + " host=a len=-1 keep", "a request line that leaves just enough room for Host; Caddy accepts it, too"},
	{with(strings.Repeat("X: a\r\n", 127)), "POST path=/ host=a len=-1 keep", "128 fields"},
	{with(strings.Repeat("a", head.MaxName) + ": b\r\n"), "POST path=/ host=a len=-1 keep", "the longest name"},
}

// longLine returns a head of the maximum length, most of it in the request line.
var (
	longName = strings.Repeat("a", DefaultLimits.MaxHead-len(get("/")))
	longLine = get("/" + longName)
)

// summary describes a request in one line; it omits what is usual.
func summary(r *Request) string {
	s := string(r.Method) + " path=" + string(r.Path)
	if string(r.Path) != string(r.RawPath) {
		s += " raw=" + string(r.RawPath)
	}
	if len(r.Query) > 0 {
		s += " query=" + string(r.Query)
	}
	if string(r.Origin) != string(r.Target) {
		s += " origin=" + string(r.Origin)
	}
	s += " host=" + string(r.Host) + " len=" + string(AppendInt(nil, r.ContentLength))
	for _, flag := range []struct {
		name string
		set  bool
	}{{"keep", r.KeepAlive}, {"chunked", r.Streamed}, {"expect", r.ExpectContinue}, {"te", r.TETrailers}, {"upgrade", r.Upgrade}} {
		if flag.set {
			s += " " + flag.name
		}
	}
	return s
}

func TestAccepted(t *testing.T) {
	for _, c := range accepted {
		var r Request
		in := []byte(c.in + "next")
		n, err := requireSplitsAgree(t, &r, in, nil)
		require.Nil(t, err, "%q: %s", c.in, c.why)
		assert.Equal(t, len(c.in), n, "%q: %s", c.in, c.why)
		assert.Equal(t, n, r.HeadLen)
		assert.Equal(t, c.want, summary(&r), "%q: %s", c.in, c.why)
		assert.Equal(t, r.Streamed || r.ContentLength > 0, r.HasBody())
	}
}

// forwarded lists fields of a request, and what is left of them when they reach
// the worker.
var forwarded = []struct{ in, want, why string }{
	{"X-A: 1\r\nx-b:2\r\nX-A:  3 \r\n", "X-A: 1\r\nx-b: 2\r\nX-A: 3\r\n", "order, case and repetition stay"},
	{"X: a\tb \xe9\r\n", "X: a\tb \xe9\r\n", "bytes stay, including tabs and obs-text"},
	{"X:\r\nY: \r\n", "X: \r\nY: \r\n", "empty values stay"},
	{"Keep-Alive: 5\r\nProxy-Connection: x\r\nTE: gzip\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n", "", "RFC 9110 §7.6.1"},
	{"Proxy-Authorization: Basic eA==\r\n", "", "RFC 9110 §11.7.1: meant for us"},
	{"Proxy: http://evil\r\n", "", "CVE-2016-5385"},
	{"Connection: X-A, close, x-b\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\n", "X-C: 3\r\n", "RFC 9110 §7.6.1"},
	{"X-A: 1\r\nConnection: x-a\r\nX-a: 2\r\n", "", "named after it arrived, in any case"},
	{"X_Forwarded_For: 1\r\nContent_Length: 5\r\nX_A: 1\r\n_: 1\r\n", "", "CVE-2026-3902: folded into others by WSGI and ASGI; nginx drops them too"},
	{"X.A: 1\r\n.: 2\r\nX.Forwarded.For: 3\r\n", "X.A: 1\r\n.: 2\r\nX.Forwarded.For: 3\r\n", "no app folds a dot; HAProxy and Caddy pass them on, nginx does not"},
	{"X!: 1\r\nX'A: 1\r\nX~B: 1\r\nX|C: 1\r\n", "", "names that nobody uses; HAProxy and Caddy pass them on, nginx does not"},
	{"Content-Length: 5\r\nExpect: 100-continue\r\n", "", "the framing is rewritten"},
	{"Transfer-Encoding: chunked\r\nTrailer: X\r\n", "", "the framing is rewritten"},
	{"X-Forwarded-For: 1\r\nX-Real-IP: 1\r\nCookie: a\r\n", "Cookie: a\r\n", "the caller's own skips"},
	{"traceparent: 00-1\r\n", "traceparent: 00-1\r\n", "passes"},
	{"Sec-WebSocket-Protocol: chat\r\n", "Sec-WebSocket-Protocol: chat\r\n", "passes"},
}

func TestForwarded(t *testing.T) {
	skip := head.Kinds(head.KindHost, head.KindXForwardedFor, head.KindXRealIP)
	for _, c := range forwarded {
		var r Request
		_, err := requireSplitsAgree(t, &r, []byte(with(c.in)), nil)
		require.Nil(t, err, "%q: %s", c.in, c.why)
		assert.Equal(t, c.want, string(AppendForwardable(nil, r.Fields, skip)), "%q: %s", c.in, c.why)
	}
}

func TestPipelined(t *testing.T) {
	buf := []byte(get("/1") + with("Content-Length: 0\r\n") + get("/3") + "GET /4 HT")
	var r Request
	var got []string
	for {
		n, err := r.Parse(buf, nil)
		require.Nil(t, err)
		if n == 0 {
			break
		}
		got = append(got, string(r.Target))
		buf = buf[n:]
	}
	assert.Equal(t, []string{"/1", "/", "/3"}, got)
	assert.Equal(t, "GET /4 HT", string(buf))
}

func TestGet(t *testing.T) {
	var r Request
	_, err := r.Parse([]byte(with("Accept: a\r\nACCEPT: b\r\nConnection: X-Request-ID\r\nX-Request-ID: 1\r\n")), nil)
	require.Nil(t, err)
	assert.Equal(t, "a", string(r.Get(head.KindAccept)))
	assert.Equal(t, "a", string(r.Get(head.KindHost)))
	assert.Nil(t, r.Get(head.KindCookie))
	assert.True(t, r.Seen().Has(head.KindXRequestID))
	assert.Nil(t, r.Get(head.KindXRequestID), "dropped")
	assert.False(t, r.Seen().Has(head.KindCookie))
	r.Reset()
	assert.Nil(t, r.Get(head.KindAccept))
}

// TestUnquoteAsPython: the expected values are the results of Python 3's
// urllib.parse.unquote.
func TestUnquoteAsPython(t *testing.T) {
	for raw, want := range map[string]string{
		"/%E2%82A":          "/\ufffdA",
		"/%F0%80%80A":       "/\ufffd\ufffd\ufffdA",
		"/%ED%A0%80":        "/\ufffd\ufffd\ufffd",
		"/%F0%9F%98":        "/\ufffd",
		"/%F0%9F%98%80":     "/😀",
		"/%C0%AF":           "/\ufffd\ufffd",
		"/%E0%80%AF":        "/\ufffd\ufffd\ufffd",
		"/%F4%90%80%80":     "/\ufffd\ufffd\ufffd\ufffd",
		"/%F1%80%80%F1%80x": "/\ufffd\ufffdx",
		"/%EF%BF%BD%80":     "/\ufffd\ufffd",
		"/%F5":              "/\ufffd",
		"/%C3x":             "/\ufffdx",
	} {
		var r Request
		_, err := r.Parse([]byte(get(raw)), nil)
		require.Nil(t, err)
		assert.Equal(t, want, string(r.Path), raw)
	}
}

func TestParseDoesNotAllocate(t *testing.T) {
	for _, in := range []string{browserHead, get("/%41?b"), get("http://a?b"), handshake("", ""), with("Connection: X\r\nX: 1\r\n"), get("/%00"), with("X : 1\r\n")} {
		buf := []byte(in)
		var r Request
		_, _ = r.Parse(buf, nil)
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			r.Reset()
			_, _ = r.Parse(buf, nil)
		}), in)
	}
	var r Response
	buf := []byte(workerHead)
	_, _ = r.Parse(buf, nil)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		r.Reset()
		_, _ = r.Parse(buf, nil)
	}))
}
