package control

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
)

// asking is a request to an Admin.
type asking struct {
	method, path, body string
	host, token        string
	over               http.RoundTripper // nil means http.DefaultTransport
}

// answerTo returns the status and the body of the answer to a request.
func (a *admin) answerTo(q asking) (int, string) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), q.method, a.url+q.path, strings.NewReader(q.body))
	require.NoError(a.t, err)
	if req.Host = q.host; q.token != "" {
		req.Header.Set("Authorization", "Bearer "+q.token)
	}
	if q.over == nil {
		q.over = http.DefaultTransport
	}
	resp, err := q.over.RoundTrip(req)
	require.NoError(a.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(a.t, err)
	return resp.StatusCode, string(body)
}

// privatePages are the pages that show what clients and workers wrote, and
// actingPages those that change the master.
var privatePages = []string{"GET /v1/requests", "GET /v1/requests/ended", "GET /v1/logs", "POST /v1/explain"}
var actingPages = []string{"POST /v1/plan", "POST /v1/reload", "POST /v1/groups/api/restart", "POST /v1/groups/api/restart?worker=1", "POST /v1/groups/api/scale",
	"POST /v1/groups/api/hold", "POST /v1/groups/api/release"}

func TestAdmin_Access(t *testing.T) {
	const token = "0123456789abcdef"
	a := startAdmin(t)
	expect := func(pages []string, token string, status int, reason string) {
		t.Helper()
		for _, page := range pages {
			method, path, _ := strings.Cut(page, " ")
			a.passed = nil
			got, body := a.answerTo(asking{method: method, path: path, body: "{}", token: token})
			assert.Equal(t, status, got, page)
			if status == http.StatusOK {
				assert.Equal(t, "private", body, page)
				assert.Equal(t, []string{page + " {}"}, a.passed)
				continue
			}
			assert.Contains(t, body, reason, page)
			assert.Empty(t, a.passed, page)
		}
	}
	expect(privatePages, "", 403, "set admin_token")
	expect(privatePages, token, 403, "set admin_token")

	a.rights.Token = token
	expect(privatePages, "", 401, "Authorization: Bearer")
	expect(privatePages, "0123456789abcdeX", 401, "Authorization: Bearer")
	expect(privatePages, token, 200, "")
	expect(actingPages, "", 401, "Authorization: Bearer")
	expect(actingPages, token, 403, "admin_actions=True")

	a.rights.Actions = true
	expect(actingPages, "", 401, "Authorization: Bearer")
	expect(actingPages, token, 200, "")
	got, _ := a.answerTo(asking{method: "POST", path: "/v1/stop", token: token})
	assert.Equal(t, 404, got, "only the control socket stops the master")
}

// TestAdmin_Words: nobody without the token gets what a worker wrote.
func TestAdmin_Words(t *testing.T) {
	a := startAdmin(t)
	a.rights.Token = "0123456789abcdef"
	a.events.Emit(api.Event{Kind: api.EventCrashed, Group: "api", Reason: "exit code 1"}, "hunter2")
	for _, page := range []string{"/v1/events", "/v1/status"} {
		got, body := a.answerTo(asking{method: "GET", path: page})
		assert.Equal(t, 200, got, page)
		assert.NotContains(t, body, "hunter2", page)
	}
	_, body := a.answerTo(asking{method: "GET", path: "/v1/events"})
	assert.Contains(t, body, "exit code 1")
	_, body = a.answerTo(asking{method: "GET", path: "/v1/events", token: a.rights.Token})
	assert.Equal(t, "private", body)
}

// TestAdmin_Host: a page of another site whose name leads here reads nothing, and
// Prometheus may use any name.
func TestAdmin_Host(t *testing.T) {
	a := startAdmin(t)
	a.rights.Token = "0123456789abcdef"
	for host, status := range map[string]int{
		"127.0.0.1:9100": 200, "[::1]:9100": 200, "::1": 200, "localhost": 200, "LOCALHOST.:9100": 200, "app.localhost:1": 200,
		"evil.example": 403, "127.0.0.1.evil.example": 403, "localhost.evil.example:9100": 403, "1.2.3.4.5": 403,
	} {
		got, body := a.answerTo(asking{method: "GET", path: "/v1/status", host: host})
		assert.Equal(t, status, got, host)
		assert.Equal(t, status == 403, strings.Contains(body, "ldcorn does not know the name in Host"), host)
		got, _ = a.answerTo(asking{method: "GET", path: "/v1/status", host: host, token: a.rights.Token})
		assert.Equal(t, 200, got, host)
		got, _ = a.answerTo(asking{method: "GET", path: "/metrics", host: host})
		assert.Equal(t, 200, got, host)
	}
}

// TestAdmin_Apps: metrics of apps are for whoever may read the listener, unless there is
// a token.
func TestAdmin_Apps(t *testing.T) {
	const token = "0123456789abcdef"
	a := startAdmin(t)
	expect := func(host, sent string, status int, text string) {
		t.Helper()
		got, body := a.answerTo(asking{method: "GET", path: "/metrics/apps?sum=true", host: host, token: sent})
		assert.Equal(t, status, got)
		assert.Contains(t, body, text)
	}
	expect("", "", 200, "apps")
	expect("evil.example", "", 403, "does not know the name in Host")
	a.rights.Token = token
	expect("", "", 401, "Authorization: Bearer")
	expect("", token, 200, "apps")
	expect("ldcorn.example", token, 200, "apps")
}

// TestAdmin_Owner: over a unix socket, the master's own user needs no token.
func TestAdmin_Owner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	a := &admin{t: t, url: "http://x", stopping: make(chan struct{})}
	a.start(t, l)
	over := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}
	defer over.CloseIdleConnections()
	got, body := a.answerTo(asking{method: "GET", path: "/v1/requests", over: over})
	assert.Equal(t, 200, got)
	assert.Equal(t, "private", body)
	got, _ = a.answerTo(asking{method: "POST", path: "/v1/reload", over: over})
	assert.Equal(t, 403, got)
	got, body = a.answerTo(asking{method: "GET", path: "/v1/access", over: over})
	assert.Equal(t, 200, got)
	assert.Contains(t, body, `"private": true`)
	assert.Contains(t, body, `"actions": false`)
}
