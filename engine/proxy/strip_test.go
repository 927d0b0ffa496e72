package proxy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestStrip checks which target the worker gets.
func TestStrip(t *testing.T) {
	for _, c := range []struct{ prefix, in, want string }{
		{"", "/api/x", "/api/x"},
		{"/api", "/api/x", "/x"},
		{"/api", "/api/x?y=/api/z", "/x?y=/api/z"},
		{"/api", "/api", "/"},
		{"/api", "/api?x", "/?x"},
		{"/api", "/api/", "/"},
		{"/api", "/apix", "/apix"},
		{"/api", "/ap", "/ap"},
		{"/api", "/", "/"},
		{"/api", "/x/api", "/x/api"},
		{"/api", "/%61p%69/%61%2Fb", "/%61%2Fb"},
		{"/api", "/api%2Fx%2fy", "/x%2fy"},
		{"/api", "/api%2f", "/"},
		{"/api", "/api//x", "//x"},
		{"/api", "/api%2f/x", "//x"},
		{"/api", "/api/%2fx", "/%2fx"},
		{"/api", "/api%2f%2fx", "/%2fx"},
		{"/api", "/api%2f?x", "/?x"},
		{"/api", "/api%2f/api/x", "//api/x"},
		{"/api", "//api/x", "//api/x"},
		{"/api", "/%2fapi/x", "/%2fapi/x"},
		{"/api", "/%2561pi/x", "/%2561pi/x"},
		{"/api", "/api%252f/x", "/api%252f/x"},
		{"/api/v1", "/api%2f/v1/x", "/api%2f/v1/x"},
		{"/api", "http://a/api%2f/x", "//x"},
		{"/api/v1", "/api/v1/x", "/x"},
		{"/api/v1", "/api%2Fv1/x", "/x"},
		{"/api/v1", "/api/v2/x", "/api/v2/x"},
		{"/a b", "/a%20b/x", "/x"},
		{"/api", "http://a/api/x", "/x"},
		{"/api", "http://a/api", "/"},
		{"/api", "http://a", "/"},
	} {
		var req http1.Request
		n, err := req.Parse([]byte("GET "+c.in+" HTTP/1.1\r\nHost: a\r\n\r\n"), nil)
		require.Nil(t, err, c.in)
		require.Positive(t, n)
		got, stripped := appendTarget(nil, &req.Request, c.prefix)
		assert.Equal(t, c.want, string(got), "%q without %q", c.in, c.prefix)
		assert.Equal(t, c.want != string(req.Origin), stripped, "%q without %q", c.in, c.prefix)
	}
	var req http1.Request
	_, err := req.Parse([]byte("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), nil)
	require.Nil(t, err)
	got, _ := appendTarget(nil, &req.Request, "/api")
	assert.Equal(t, "*", string(got))
}

// TestStripTellsTheWorker checks that the worker learns the prefix only from
// us.
func TestStripTellsTheWorker(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		for _, mode := range []plan.Forwarded{plan.ForwardedSet, plan.ForwardedOff} {
			p := planOf(t, map[string]string{"default": "*"})
			p.Forwarded = mode
			p.Groups[0].StripPrefix = "/api"
			r := newRig(t, driver, p)
			u := r.worker("default", answering(hello))
			for _, path := range []string{"/api/x", "/other"} {
				got := r.send("GET " + path + " HTTP/1.1\r\nHost: a\r\nX-Forwarded-Prefix: /evil\r\n\r\n")
				assert.Contains(t, got, "200 OK")
			}
			stripped, other, _ := strings.Cut(strings.Join(u.received(), ""), "GET /other")
			other = "GET /other" + other
			assert.True(t, strings.HasPrefix(stripped, "GET /x HTTP/1.1\r\n"), stripped)
			assert.True(t, strings.HasPrefix(other, "GET /other HTTP/1.1\r\n"), other)
			assert.NotContains(t, stripped+other, "/evil")
			assert.Equal(t, mode == plan.ForwardedSet, strings.Contains(stripped, "\r\nX-Forwarded-Prefix: /api\r\n"))
			assert.NotContains(t, other, "X-Forwarded-Prefix")
		}
	})
}
