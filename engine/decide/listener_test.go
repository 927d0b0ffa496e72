package decide

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/head"
)

func TestAppendHTTPS(t *testing.T) {
	for _, c := range [][5]string{
		{"a", "", "", "/", "https://a/"},
		{"a:80", "80", "443", "/x?y", "https://a/x?y"},
		{"[::1]", "80", "", "/", "https://[::1]/"},
		{"[::1]:8080", "8080", "8443", "//b", "https://[::1]:8443//b"},
		{"a", "80", "8443", "", "https://a:8443"},
		{"a", "", "8443", "*", "https://a"},
		{"a", "8080", "8443", "/", "https://a/"},
		{"[::1]", "8080", "8443", "/", "https://[::1]/"},
		{"a:80", "8080", "8443", "/", "https://a/"},
	} {
		assert.Equal(t, c[4], string(AppendHTTPS(nil, []byte(c[0]), c[1], c[2], []byte(c[3]))), c)
	}
}

// TestAppendHTTPS_AllocatesNothing: a listener that redirects does it for every request.
func TestAppendHTTPS_AllocatesNothing(t *testing.T) {
	out, host, target := make([]byte, 0, 100), []byte("a.example:8080"), []byte("/x")
	assert.Zero(t, testing.AllocsPerRun(100, func() { out = AppendHTTPS(out[:0], host, "8080", "8443", target) }))
}

// FuzzAppendHTTPS: whatever host and target the head of a request can have, the URL
// leads to that host, and its path and query are what came.
func FuzzAppendHTTPS(f *testing.F) {
	for _, seed := range [][2]string{{"a.example:80", "/x?y=z"}, {"[::1]:80", "//evil.example/"}, {"a", "*"}, {"a", "/%2f%2e?a\\b"}, {"a@b", "/"}, {"a", "http://b/?c"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, host, target string) {
		var r head.Request
		r.Reset()
		if !head.ValidHost([]byte(host)) || r.SetMethod([]byte("OPTIONS")) != nil || r.SetTarget([]byte(target)) != nil {
			return
		}
		name := host
		if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.Contains(host[i:], "]") {
			name = host[:i]
		}
		got := string(AppendHTTPS(nil, []byte(host), "80", "8443", r.Origin))
		rest, found := strings.CutPrefix(got, "https://"+name)
		require.True(t, found, got)
		rest = strings.TrimPrefix(rest, ":8443")
		if origin := string(r.Origin); origin != "*" {
			require.Equal(t, origin, rest)
		} else {
			require.Empty(t, rest)
		}
		if u, err := url.Parse(got); err == nil {
			assert.Equal(t, strings.Trim(name, "[]"), u.Hostname(), got)
			assert.Nil(t, u.User, got)
		}
		assert.False(t, strings.ContainsFunc(got, func(c rune) bool { return c <= ' ' || c >= 0x7f }), "%q", got)
	})
}
