package worker

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestAskMetrics: the request has the headers of health checks, and the answer bounds.
func TestAskMetrics(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	seen := make(chan *http.Request, 1)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	late := errors.New("late")
	mux := http.NewServeMux()
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, r *http.Request) {
		seen <- r
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte("a 1\n"))
	})
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte("#\n"), MaxMetricsPage/2+1))
	})
	mux.HandleFunc("/packed", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Encoding", "gzip") })
	mux.HandleFunc("/hang", func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		cancel(late)
		<-r.Context().Done()
	})
	for path, to := range map[string]string{"/mounted": "http://localhost/mounted/", "/moved": "/elsewhere?a=b", "/secure": "https://localhost/secure",
		"/away": "http://login.example/", "/circular": "/circular"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusTemporaryRedirect)
		})
	}
	server := &http.Server{Handler: mux}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(l) // until it is closed
	}()
	defer func() { server.Close(); <-served }()
	ask := func(path string, edits ...plan.HeaderEdit) (*MetricsPage, error) {
		return AskMetrics(ctx, socket, &plan.Group{MetricsPath: path, HealthHeaders: edits})
	}

	page, err := ask("/metrics")
	require.NoError(t, err)
	assert.Equal(t, &MetricsPage{Media: "text/plain", Body: []byte("a 1\n")}, page)
	r := <-seen
	assert.Equal(t, "localhost", r.Host)
	assert.Equal(t, "ldcorn-metrics", r.UserAgent())
	assert.Equal(t, "identity", r.Header.Get("Accept-Encoding"))
	assert.Equal(t, "text/plain;version=0.0.4", r.Header.Get("Accept"))
	assert.Equal(t, "127.0.0.1", r.Header.Get("X-Forwarded-For"))
	_, err = ask("/metrics", edit(t, "set_header", "Host", plan.Plain("app.example")))
	require.NoError(t, err)
	assert.Equal(t, "app.example", (<-seen).Host)

	_, err = ask("/missing")
	require.EqualError(t, err, "got status 404, want 200")
	for path, want := range map[string]string{
		"/mounted":  `got status 307 to "http://localhost/mounted/", want 200; redirects are not followed: set metrics_path="/mounted/"`,
		"/moved":    `got status 307 to "/elsewhere?a=b", want 200; redirects are not followed: set metrics_path="/elsewhere?a=b"`,
		"/secure":   `got status 307 to "https://localhost/secure", want 200; for an app that requires https, set health_headers=[set_header("X-Forwarded-Proto", "https")]`,
		"/away":     `got status 307 to "http://login.example/", want 200; change metrics_path to a path that does not redirect`,
		"/circular": `got status 307 to "/circular", want 200; change metrics_path to a path that does not redirect`,
	} {
		_, err = ask(path)
		require.EqualError(t, err, want)
	}
	_, err = ask("/long")
	require.ErrorIs(t, err, ErrLongPage)
	_, err = ask("/packed")
	require.ErrorContains(t, err, "compressed")
	_, err = ask("/hang")
	require.ErrorIs(t, err, late)
}
