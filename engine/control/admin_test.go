package control

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// admin runs an Admin about groups, which the test may change between its
// requests, until the end of the test.
type admin struct {
	t        testing.TB
	url      string
	groups   []supervisor.GroupStatus
	stopping chan struct{}
}

func startAdmin(t testing.TB) *admin {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	a := &admin{t: t, url: "http://" + l.Addr().String(), stopping: make(chan struct{})}
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metrics") })
	s := StartAdmin(AdminOptions{
		Listener: l, Metrics: metrics, Groups: func() []supervisor.GroupStatus { return a.groups },
		Stopping: a.stopping, Log: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(s.Close)
	return a
}

// ask returns the status, the body and the header of an answer.
func (a *admin) ask(method, path string) (int, string, http.Header) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, nil)
	require.NoError(a.t, err)
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(a.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(a.t, err)
	return resp.StatusCode, string(body), resp.Header
}

func TestAdmin_Paths(t *testing.T) {
	a := startAdmin(t)
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/metrics", 200, "metrics"},
		{"HEAD", "/metrics", 200, ""},
		{"GET", "/livez", 200, "ok\n"},
		{"HEAD", "/livez", 200, ""},
		{"POST", "/livez", 405, "Method Not Allowed\n"},
		{"PUT", "/metrics", 405, "Method Not Allowed\n"},
		{"OPTIONS", "/", 405, "Method Not Allowed\n"},
		{"GET", "/metricsx", 404, "404 page not found\n"},
		{"GET", "/v1/status", 404, "404 page not found\n"},
		{"POST", "/v1/stop", 404, "404 page not found\n"},
	} {
		status, body, header := a.ask(c.method, c.path)
		assert.Equal(t, c.status, status, c.path)
		assert.Equal(t, c.body, body, c.path)
		if status == http.StatusMethodNotAllowed {
			assert.Equal(t, "GET, HEAD", header.Get("Allow"))
		}
	}
	_, index, header := a.ask("GET", "/")
	assert.Contains(t, index, "/readyz")
	assert.Equal(t, "no-store", header.Get("Cache-Control"))
	assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
}

func TestAdmin_Readyz(t *testing.T) {
	a := startAdmin(t)
	expect := func(path string, status int, body string) {
		t.Helper()
		gotStatus, gotBody, _ := a.ask("GET", path)
		assert.Equal(t, status, gotStatus)
		assert.Equal(t, body, gotBody)
	}
	expect("/readyz", 503, "starting\nnot ready\n")

	a.groups = []supervisor.GroupStatus{{Name: "a", Instances: 2, Ready: 1}, {Name: "b", Instances: 1, Ready: 1, Held: true}}
	expect("/readyz", 200, "ok\n")
	expect("/readyz?verbose", 200, "[+]a: 1 of 2 workers ready\n[+]b: 1 of 1 workers ready, held\nok\n")
	expect("/readyz?verbose=1", 200, "[+]a: 1 of 2 workers ready\n[+]b: 1 of 1 workers ready, held\nok\n")

	a.groups = append(a.groups, supervisor.GroupStatus{Name: "gone", Removed: true})
	expect("/readyz", 200, "ok\n")

	a.groups = []supervisor.GroupStatus{{Name: "a", Instances: 2, Ready: 1}, {Name: "b", Instances: 1}, {Name: "c", Instances: 3, Failed: true}}
	expect("/readyz", 503, "[-]b: 0 of 1 workers ready\n[-]c: 0 of 3 workers ready, failed\nnot ready\n")
	expect("/readyz?verbose", 503, "[+]a: 1 of 2 workers ready\n[-]b: 0 of 1 workers ready\n[-]c: 0 of 3 workers ready, failed\nnot ready\n")

	a.groups = a.groups[:1]
	close(a.stopping)
	expect("/readyz", 503, "stopping\nnot ready\n")
	expect("/livez", 200, "ok\n")
}

// TestAdmin_Close: nothing is left, also where a client keeps its connection.
func TestAdmin_Close(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	a := StartAdmin(AdminOptions{Listener: l, Metrics: http.NotFoundHandler(), Groups: func() []supervisor.GroupStatus { return nil },
		Log: slog.New(slog.DiscardHandler)})
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /liv")
	require.NoError(t, err)
	buf := make([]byte, 1)
	_, err = c.Read(buf)
	require.NoError(t, err)
	a.Close()
	_, err = net.Dial("tcp", l.Addr().String())
	assert.Error(t, err)
	_, _ = io.Copy(io.Discard, c) // ends
}
