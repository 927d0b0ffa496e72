package request

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/match"
)

// parsed returns the view of a request with the given lines after its first.
func parsed(t testing.TB, line, lines string) *View {
	t.Helper()
	req := new(http1.Request)
	n, err := req.Parse([]byte(line+"\r\n"+lines+"\r\n"), nil)
	require.Nil(t, err)
	require.Positive(t, n)
	return &View{Head: &req.Request, Origin: &sampleOrigin{ip: loopback, scheme: "https", id: []byte("ours")}}
}

func TestCookie(t *testing.T) {
	const none = "none"
	for lines, want := range map[string]string{
		"":                                    none,
		"Cookie: sid=1\r\n":                   "1",
		"cookie: a=b; sid=x=y; c=d\r\n":       "x=y",
		"Cookie: a=b;sid=2\r\n":               "2",
		"Cookie: a=b\r\nCookie: sid=3\r\n":    "3",
		"Cookie: sid=4; sid=5\r\n":            "5", // as Starlette and Django read it
		"Cookie: sid=4\r\nCookie: sid=5\r\n":  "5",
		"Cookie: sid=4; sid = 5\r\n":          "5",
		"Cookie: sid=\"a\\142c\"\r\n":         "abc",
		"Cookie: sid=%61; sid=%62\r\n":        "%62",
		"Cookie: xsid=1; sidx=2; SID=3\r\n":   none,
		"Cookie: sid\r\n":                     none,
		"Cookie: ;; =; sid=\r\n":              "",
		"Cookie: a=\"b; sid=6\"; sid=6\"\r\n": "6\"", // as Python reads it: quotes do not protect anything
		"X-Cookie: sid=1\r\n":                 none,
		"Cookie: " + "a=b; sid=8 \t; c=d\r\n": "8",
	} {
		got, ok := parsed(t, "GET / HTTP/1.1", "Host: a\r\n"+lines).Cookie("sid")
		assert.Equal(t, want != none, ok, "%q", lines)
		if ok {
			assert.Equal(t, want, string(got), "%q", lines)
		}
	}
}

// TestSoleCookie: whatever the app reads a cookie as, a client cannot write one
// value in two ways.
func TestSoleCookie(t *testing.T) {
	const none = "none"
	for list, want := range map[string]string{
		"a=b":                       none,
		"sid=alice":                 "alice",
		"sid=alice; sid=alice":      "alice",
		"sid=x1; sid=alice":         none,
		"sid=alice; sid=x1":         none,
		"sid=x1; sid =alice":        none,
		"sid=x1\r\nCookie: sid=a":   none,
		`sid="alice"`:               "alice",
		`sid="\141lice"`:            "alice",
		"sid=%61lic%65":             "alice",
		`sid="\045\066\061lice"`:    "alice",
		"sid = \xa0alice\t; a=b":    "alice",
		"sid=alice; SID=x1; sid":    "alice",
		"sid=":                      "",
		"sid=; sid=alice; sid=x; a": none,
	} {
		got, ok := parsed(t, "GET / HTTP/1.1", "Host: a\r\nCookie: "+list+"\r\n").SoleCookie("sid")
		assert.Equal(t, want != none, ok, "%q", list)
		if ok {
			assert.Equal(t, want, string(got), "%q", list)
		}
	}
}

// TestHeader: a view shows exactly the headers that the app sees.
func TestHeader(t *testing.T) {
	v := parsed(t, "GET / HTTP/1.1", "Host: a\r\nX-User: bob\r\nx-user: eve\r\nConnection: x-hop, keep-alive\r\nX-Hop: 1\r\n"+
		"X_User: mallory\r\nX-Forwarded-For: 1.2.3.4\r\nX-Request-ID: theirs\r\nX-Empty:\r\n")
	for name, want := range map[string][]string{
		"x-user":          {"bob", "eve"},
		"x-empty":         {""},
		"host":            {"a"},
		"x-hop":           nil,
		"x_user":          nil,
		"x-other":         nil,
		"connection":      nil,
		"x-forwarded-for": nil,
		"x-request-id":    {"ours"},
	} {
		var got []string
		for value, at, ok := v.NextHeader(name, 0); ok; value, at, ok = v.NextHeader(name, at) {
			got = append(got, string(value))
		}
		assert.Equal(t, want, got, name)
		first, ok := v.Header(name)
		assert.Equal(t, want != nil, ok, name)
		if ok {
			assert.Equal(t, want[0], string(first), name)
		}
	}
	old := parsed(t, "GET / HTTP/1.0", "X-A: b\r\n")
	_, ok := old.Header("host")
	assert.False(t, ok)
	old.Head.Host = []byte("10.0.0.1:8000") // as the proxy fills it in
	host, ok := old.Header("host")
	assert.True(t, ok)
	assert.Equal(t, "10.0.0.1:8000", string(host))
	_, _, ok = old.NextHeader("host", len(old.Head.Fields)+1)
	assert.False(t, ok, "once")
	id, ok := parsed(t, "GET / HTTP/1.1", "Host: a\r\n").Header("x-request-id")
	assert.True(t, ok)
	assert.Equal(t, "ours", string(id))
}

// TestQuery compares the decoding with recorded values of Python's parse_qsl.
func TestQuery(t *testing.T) {
	const none = "none"
	for query, want := range map[string]string{
		"":                  none,
		"q=1":               "1",
		"a=b&q=2&q=3":       "2",
		"q":                 "",
		"q=":                "",
		"q=a=b":             "a=b",
		"q=a+b%20c":         "a b c",
		"%71=x":             "x",
		"q=caf%C3%A9":       "café",
		"q=%E9":             "\uFFFD",
		"q=100%":            "100%",
		"q=%zz%4":           "%zz%4",
		"q=%00":             "\x00",
		"Q=1&qq=2&&=&+q=3":  none,
		"q=a;b":             "a;b",
		"q=%26&q=second":    "&",
		"x=%3Fq%3D1":        none,
		"a=1&q=%2B&b=2?q=3": "+",
	} {
		got, ok := parsed(t, "GET /?"+query+" HTTP/1.1", "Host: a\r\n").Query("q")
		assert.Equal(t, want != none, ok, "%q", query)
		if ok {
			assert.Equal(t, want, string(got), "%q", query)
		}
	}
}

func TestHost(t *testing.T) {
	for authority, want := range map[string]string{
		"example.com":       "example.com",
		"Example.COM:8000":  "example.com",
		"EXAMPLE.com.":      "example.com",
		"example.com.:80":   "example.com",
		"127.0.0.1:1":       "127.0.0.1",
		"[2001:DB8::1]":     "[2001:db8::1]",
		"[2001:db8::1]:443": "[2001:db8::1]",
		"[0:0:0:0:0:0:0:1]": "[::1]",
		"[2001:DB8:0::1]:1": "[2001:db8::1]",
		"[::ffff:10.0.0.1]": "[::ffff:10.0.0.1]",
		"[::FFFF:a00:1]":    "[::ffff:10.0.0.1]",
	} {
		v := parsed(t, "GET / HTTP/1.1", "Host: "+authority+"\r\n")
		assert.Equal(t, want, string(v.Host()), authority)
		assert.Equal(t, authority, string(v.Authority()))
	}
	v := parsed(t, "GET / HTTP/1.0", "")
	assert.Empty(t, v.Host())
}

func TestViewOfTheRest(t *testing.T) {
	v := parsed(t, "POST /a%2Fb?c HTTP/1.1", "Host: a\r\nContent-Length: 7\r\n")
	assert.Equal(t, []string{"POST", "/a/b", "/a%2Fb", "https", "HTTP/1.1"},
		[]string{string(v.Method()), string(v.Path()), string(v.RawPath()), v.Scheme(), v.Proto()})
	assert.Equal(t, loopback, v.ClientIP())
	assert.EqualValues(t, 7, v.ContentLength())
	assert.False(t, v.Websocket())
	v = parsed(t, "GET / HTTP/1.0", "")
	assert.Equal(t, "HTTP/1.0", v.Proto())
	assert.EqualValues(t, -1, v.ContentLength())
}

// TestViewAllocatesNothing: not even if a host or a query must be rewritten.
func TestViewAllocatesNothing(t *testing.T) {
	var r match.Request = parsed(t, "GET /?a=%20&q=a+b HTTP/1.1", "Host: EXAMPLE.com\r\nCookie: a=b; sid=\"\\141%61\"\r\nX-A: 1\r\n")
	ask := func() {
		r.Host()
		r.Query("q")
		r.Cookie("sid")
		r.SoleCookie("sid")
		r.Header("x-a")
		r.Header("x-request-id")
		r.ClientIP()
	}
	ask()
	assert.Zero(t, testing.AllocsPerRun(100, ask))
}

func TestSample(t *testing.T) {
	type seen struct {
		Method, Path, Host, Scheme string
		Websocket                  bool
	}
	for line, want := range map[string]seen{
		"/x":                         {"GET", "/x", "localhost", "http", false},
		"GET /x?a=b":                 {"GET", "/x", "localhost", "http", false},
		"POST http://Api.example/x":  {"POST", "/x", "api.example", "http", false},
		"GET https://a.example:444":  {"GET", "/", "a.example", "https", false},
		"GET http://a?x=1":           {"GET", "/", "a", "http", false},
		"GET ws://a/chat":            {"GET", "/chat", "a", "http", true},
		"wss://a/chat":               {"GET", "/chat", "a", "https", true},
		"GET /café":                  {"GET", "/café", "localhost", "http", false},
		"GET /a%20b":                 {"GET", "/a b", "localhost", "http", false},
		"OPTIONS *":                  {"OPTIONS", "*", "localhost", "http", false},
		" PURGE   /x ":               {"PURGE", "/x", "localhost", "http", false},
		"GET http://[::1]:8000/x?/y": {"GET", "/x", "[::1]", "http", false},
	} {
		s, err := NewSample(line, SampleOptions{})
		if !assert.NoError(t, err, line) {
			continue
		}
		assert.Equal(t, want, seen{string(s.Method()), string(s.Path()), string(s.Host()), s.Scheme(), s.Websocket()}, line)
		assert.Equal(t, loopback, s.ClientIP())
		assert.NoError(t, CheckLine(line), line)
	}
	for line, want := range map[string]string{
		"":                     "is not a request",
		"GET":                  "begins with /",
		"GET ":                 "begins with /",
		"GET x":                "begins with /",
		"GET /a b":             "is not a request",
		"/x GET":               "is not a request",
		"GET ftp://a/":         "the scheme \"ftp\"",
		"GET http:///x":        "answers",
		"GET /a/../b":          "with 400: dot segment in the path",
		"TRACE /":              "with 405: method not allowed",
		"GET http://a b/":      "is not a request",
		"GET http://u@a/":      "with 400",
		"GET /x\\y":            "with 400",
		"POST wss://a.example": "with 400: websocket handshake that is not a GET",
	} {
		_, err := NewSample(line, SampleOptions{})
		assert.ErrorContains(t, err, want, line)
	}
}

func TestSampleOptions(t *testing.T) {
	ip := netip.MustParseAddr("203.0.113.9")
	s, err := NewSample("GET /x", SampleOptions{
		Headers:  []Header{{"X-Tenant", "acme"}, {"Cookie", "a=b"}, {"HOST", "b.example"}, {"X-Request-Id", "abc"}},
		ClientIP: ip, Scheme: "https", Websocket: true,
	})
	require.NoError(t, err)
	assert.Equal(t, "b.example", string(s.Host()))
	assert.Equal(t, ip, s.ClientIP())
	assert.Equal(t, "https", s.Scheme())
	assert.True(t, s.Websocket())
	tenant, _ := s.Header("x-tenant")
	assert.Equal(t, "acme", string(tenant))
	id, _ := s.Header("x-request-id")
	assert.Equal(t, "abc", string(id))
	_, err = NewSample("GET /x", SampleOptions{Headers: []Header{{"X-A", "a\r\nX-B: c"}}})
	assert.ErrorContains(t, err, "contains a line break")
	_, err = NewSample("GET /x", SampleOptions{Headers: []Header{{"X A", "a"}}})
	assert.ErrorContains(t, err, "answers \"GET /x\" with 400")
}

// TestSampleCertificate: a client with a certificate has come by https, unless the line
// says otherwise, and only texts that a certificate can have are taken.
func TestSampleCertificate(t *testing.T) {
	cert, err := NewCertificate("CN=me,O=Example", []string{"DNS:me.example", "URI:spiffe://a/b"}, strings.Repeat("AB:", 31)+"AB")
	require.NoError(t, err)
	for line, scheme := range map[string]string{"/x": "https", "http://h/x": "http", "wss://h/x": "https", "GET https://h/": "https"} {
		s, err := NewSample(line, SampleOptions{ClientCert: cert})
		require.NoError(t, err)
		assert.Equal(t, scheme, s.Scheme(), line)
		assert.Equal(t, "CN=me,O=Example", s.ClientCert().CertSubject())
		assert.Equal(t, []string{"DNS:me.example", "URI:spiffe://a/b"}, s.ClientCert().CertNames())
		assert.Equal(t, strings.Repeat("ab", 32), s.ClientCert().CertFingerprint())
	}
	s, err := NewSample("/x", SampleOptions{})
	require.NoError(t, err)
	assert.Equal(t, "http", s.Scheme())
	assert.Nil(t, s.ClientCert())
	cert, err = NewCertificate("", nil, "")
	require.NoError(t, err)
	assert.Len(t, cert.CertFingerprint(), 64)

	_, err = NewCertificate("me", nil, "")
	assert.EqualError(t, err, `the subject "me" has no attribute such as CN=; write "CN=me"`)
	_, err = NewCertificate("", []string{"DNS:a", "b"}, "")
	assert.EqualError(t, err, `the name "b" does not begin with DNS:, email:, URI: or IP:; write "DNS:b"`)
	_, err = NewCertificate("", nil, "12")
	assert.ErrorContains(t, err, `the fingerprint "12" is not a SHA-256`)
}

// TestUnseenHeaders checks that what the configuration says about a name
// matches what a view shows.
func TestUnseenHeaders(t *testing.T) {
	values := map[string]string{"content-length": "0", "transfer-encoding": "chunked", "expect": "100-continue"}
	for k := head.KindOther + 1; k.String() != ""; k++ {
		name := k.String()
		lines := fmt.Sprintf("%s: %s\r\n", name, cmp.Or(values[name], "x"))
		if k != head.KindHost {
			lines += "Host: a\r\n"
		}
		_, seen := parsed(t, "POST / HTTP/1.1", lines).Header(name)
		assert.Equal(t, match.UnseenHeader(name) == "", seen, name)
	}
	assert.NotEmpty(t, match.UnseenHeader("X_User"))
	assert.Empty(t, match.UnseenHeader("X-User"))
}

// TestHostIsAsMatchersKnowIt: every way to write an IPv6 address becomes the
// one that CheckHost returns, and reading it allocates nothing.
func TestHostIsAsMatchersKnowIt(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var b [16]byte
		for i := range b {
			b[i] = byte(r.IntN(2) * r.IntN(2) * r.IntN(256))
		}
		ip := netip.AddrFrom16(b)
		for _, text := range []string{ip.String(), ip.StringExpanded(), strings.ToUpper(ip.String())} {
			want, err := match.CheckHost("[" + text + "]")
			require.NoError(t, err)
			v := parsed(t, "GET / HTTP/1.1", "Host: ["+text+"]:80\r\n")
			require.Equal(t, want, string(v.Host()), text)
			require.True(t, match.Host(want).Match(v))
			require.Zero(t, testing.AllocsPerRun(3, func() { v.Host() }))
		}
	}
}
