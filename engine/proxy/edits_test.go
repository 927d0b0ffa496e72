package proxy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// edits parses header edits written as "set NAME VALUE".
func edits(t testing.TB, lines ...string) []plan.HeaderEdit {
	t.Helper()
	var out []plan.HeaderEdit
	for _, line := range lines {
		parts := append(strings.SplitN(line, " ", 3), "", "")
		e, err := plan.NewHeaderEdit(plan.HeaderOp(parts[0]+"_header"), parts[1], plan.Secret(parts[2]))
		require.NoError(t, err, line)
		out = append(out, e)
	}
	return out
}

// TestEditor is a table of edits of the plan, the group and the request.
func TestEditor(t *testing.T) {
	const in = "X-A: 1\r\nx-b: 2\r\nX-A: 3\r\nX-C: 4\r\n"
	for _, c := range []struct {
		why                 string
		plan, group, router []string
		want                string
	}{
		{"none", nil, nil, nil, in},
		{"set replaces all, in any case", []string{"set x-a new"}, nil, nil, "x-b: 2\r\nX-C: 4\r\nx-a: new\r\n"},
		{"set of what is not there", []string{"set X-New new"}, nil, nil, in + "X-New: new\r\n"},
		{"add goes beside", []string{"add X-A new"}, nil, nil, in + "X-A: new\r\n"},
		{"remove", []string{"remove X-A", "remove X-B", "remove X-None"}, nil, nil, "X-C: 4\r\n"},
		{"an empty value", []string{"set X-C"}, nil, nil, "X-A: 1\r\nx-b: 2\r\nX-A: 3\r\nX-C: \r\n"},
		{"in the order written", []string{"add X-A 5", "remove X-A", "add X-A 6", "add X-A 7"}, nil, nil,
			"x-b: 2\r\nX-C: 4\r\nX-A: 6\r\nX-A: 7\r\n"},
		{"a group's come after the plan's", []string{"set X-A plan", "add X-D plan"}, []string{"set X-A pool", "add X-D pool"}, nil,
			"x-b: 2\r\nX-C: 4\r\nX-D: plan\r\nX-A: pool\r\nX-D: pool\r\n"},
		{"a request's come last", []string{"set X-A plan"}, []string{"set X-B pool", "add X-D pool"}, []string{"remove x-a", "set X-D router"},
			"X-C: 4\r\nX-B: pool\r\nX-D: router\r\n"},
		{"what was removed may be written again", []string{"remove X-A"}, []string{"add X-A pool"}, nil, "x-b: 2\r\nX-C: 4\r\nX-A: pool\r\n"},
	} {
		e := editor{edits(t, c.plan...), edits(t, c.group...), edits(t, c.router...)}
		req := parsed(t, in)
		assert.Equal(t, c.want, string(e.append(nil, req.Fields[1:], 0)), c.why)
		out := make([]byte, 0, 1024)
		assert.Zero(t, testing.AllocsPerRun(10, func() { e.append(out, req.Fields, 0) }), c.why)
	}
}

// TestEdits checks edits on the way to the worker and back, with correct
// framing and correct fields of our own.
func TestEdits(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t, map[string]string{"default": "*"})
		p.RequestHeaders = edits(t, "set Authorization Bearer t0ken", "remove Cookie")
		p.ResponseHeaders = edits(t, "remove server", "add Strict-Transport-Security max-age=60")
		p.Groups[0].RequestHeaders = edits(t, "add X-Pool default")
		p.Groups[0].ResponseHeaders = edits(t, "set X-Pool default")
		r := newRig(t, driver, p)
		u := r.worker("default", answering("HTTP/1.1 200 OK\r\nServer: uvicorn\r\nX-Pool: a\r\nX-Pool: b\r\nContent-Length: 5\r\n\r\nhello"))
		got := r.send(http1test.Post("Authorization: Basic x\r\nCookie: a=b\r\nX-Pool: theirs\r\nContent-Length: 2\r\n") + "ab")
		assert.True(t, strings.HasPrefix(got, "HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=60\r\nX-Pool: default\r\nContent-Length: 5\r\n"), got)
		in := u.received()[0]
		assert.Equal(t, 1, strings.Count(in, "Authorization: "))
		assert.Contains(t, in, "X-Pool: theirs\r\nAuthorization: Bearer t0ken\r\nX-Pool: default\r\n")
		assert.NotContains(t, in, "Cookie")
		assert.Contains(t, in, "\r\nContent-Length: 2\r\n\r\nab")
	})
}

// TestEditsOfHandshake checks that a websocket's head is edited like any other.
func TestEditsOfHandshake(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t, map[string]string{"default": "*"})
		p.RequestHeaders = edits(t, "set X-User alice")
		p.Groups[0].ResponseHeaders = edits(t, "set X-Pool default")
		r := newRig(t, driver, p)
		u := r.worker("default", echoing)
		c := r.client()
		c.say(handshake)
		assert.Equal(t, strings.TrimSuffix(acceptedHead, "\r\n")+"X-Pool: default\r\n\r\n", c.head())
		assert.Contains(t, u.received()[0], "X-User: alice\r\n")
		c.say("frame")
		assert.Equal(t, "frame", c.read(5))
	})
}

// TestEditsOfErrors checks that no edit changes ldcorn's own answers, and that
// the edits of one request do not affect the next one on its connection.
func TestEditsOfErrors(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t, map[string]string{"default": "/here"})
		p.Groups[0].ResponseHeaders = edits(t, "set X-Pool default")
		r := newRig(t, driver, p)
		r.worker("default", answering(hello))
		got := r.send(http1test.Get("/here") + http1test.Get("/not"))
		assert.Contains(t, got, "404")
		assert.Equal(t, 1, strings.Count(got, "X-Pool"))
	})
}
