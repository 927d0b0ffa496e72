package proxy

import (
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1"
)

// stripped returns what an app must decode from a path that was routed as
// decoded.
func stripped(decoded, prefix string) string {
	rest, ok := strings.CutPrefix(decoded, prefix)
	switch {
	case !ok || rest != "" && rest[0] != '/':
		return decoded
	case rest == "":
		return "/"
	}
	return rest
}

// plainPrefix reports whether a configuration can have the prefix.
func plainPrefix(prefix string) bool {
	for segment := range strings.SplitSeq(strings.TrimPrefix(prefix, "/"), "/") {
		if segment == "" || segment == "." || segment == ".." || strings.Trim(segment, "abcdefghijklmnopqrstuvwxyz0123456789._-~") != "" {
			return false
		}
	}
	return strings.HasPrefix(prefix, "/")
}

// FuzzStrip checks that, for every accepted target, the app decodes the routed
// path minus the prefix, and the query is unchanged. The oracle is net/url,
// which shares no code with ours.
func FuzzStrip(f *testing.F) {
	for _, target := range []string{"/api", "/api/x", "/api%2f/admin", "/%61p%69%2F%2f/x?y=/api%2f", "/api//x", "//api/x", "/api%2F", "/apix",
		"/api%2fv1%2f/x", "/api/%ff%c3", "http://a/api%2f/x?q", "http://a", "*", "/api?", "/%2fapi/x", "/api%252f/x", "/%2561pi/x", "/api%3fx/y"} {
		f.Add(target, "/api")
		f.Add(target, "/api/v1")
	}
	f.Fuzz(func(t *testing.T, target, prefix string) {
		var req http1.Request
		n, refused := req.Parse([]byte("GET "+target+" HTTP/1.1\r\nHost: a\r\n\r\n"), nil)
		if refused != nil || n == 0 || !plainPrefix(prefix) {
			return
		}
		before, err := url.PathUnescape(string(req.RawPath))
		require.NoError(t, err)
		out, was := appendTarget(nil, &req.Request, prefix)
		path, query, _ := strings.Cut(string(out), "?")
		after, err := url.PathUnescape(path)
		require.NoError(t, err, "%q", out)
		assert.Equal(t, stripped(before, prefix), after, "%q without %q is %q", target, prefix, out)
		assert.Equal(t, string(req.Query), query, "%q without %q is %q", target, prefix, out)
		assert.Equal(t, before != after, was, "%q without %q is %q", target, prefix, out)
		assert.Equal(t, before == after, string(out) == string(req.Origin), "a target changes only because of the prefix: %q, %q", target, out)
	})
}

// TestStripAsPythonDecodes checks the same against the decoder that apps use,
// urllib's unquote. The targets consist of the critical parts: slashes, escaped
// once, twice or not at all, and parts of the prefix.
func TestStripAsPythonDecodes(t *testing.T) {
	python := os.Getenv("LDCORN_TEST_PYTHON")
	if python == "" {
		python = "python3"
	}
	if _, err := exec.LookPath(python); err != nil {
		t.Skip("SKIPPED: no Python to compare with")
	}
	const prefix = "/api/v1"
	parts := []string{"/", "%2f", "%2F", "%252f", "api", "%61pi", "ap%69", "API", "v1", "%761", "x", "?", "%3f", "%c3", "%a9", "%ff", "%0a", ";", "+", ".a"}
	rng := rand.New(rand.NewPCG(1, 2))
	type pair struct{ Routed, Raw, Sent string }
	var pairs []pair
	for len(pairs) < 5000 {
		target := "/"
		if rng.IntN(2) == 0 {
			target = []string{"/api/v1", "/%61pi%2fv1", "/api%2Fv%31"}[rng.IntN(3)]
		}
		for range rng.IntN(8) {
			target += parts[rng.IntN(len(parts))]
		}
		var req http1.Request
		n, refused := req.Parse([]byte("GET "+target+" HTTP/1.1\r\nHost: a\r\n\r\n"), nil)
		if refused != nil || n == 0 {
			continue
		}
		out, _ := appendTarget(nil, &req.Request, prefix)
		sent, _, _ := strings.Cut(string(out), "?")
		pairs = append(pairs, pair{string(req.Path), string(req.RawPath), sent})
	}
	in, err := json.Marshal(pairs)
	require.NoError(t, err)
	cmd := exec.Command(python, "-c", `
import json, sys
from urllib.parse import unquote
prefix = sys.argv[1]
for p in json.load(sys.stdin):
    routed, app = unquote(p["Raw"]), unquote(p["Sent"])
    assert routed == p["Routed"], p
    want = routed
    if routed == prefix or routed.startswith(prefix + "/"):
        want = routed[len(prefix):] or "/"
    assert app == want, (p, app, want)
`, prefix)
	cmd.Stdin = strings.NewReader(string(in))
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", said)
}
