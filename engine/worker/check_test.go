package worker

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestProcess_Check(t *testing.T) {
	dir, err := os.MkdirTemp("", "c")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := &Process{socket: filepath.Join(dir, "s")}
	ask := func(path string, edits ...plan.HeaderEdit) error { return p.Check(t.Context(), Health{path, edits}) }
	require.ErrorContains(t, ask("/"), "GET /: dial unix")

	l, err := net.Listen("unix", p.socket)
	require.NoError(t, err)
	hung := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "localhost", r.Host)
		assert.Equal(t, "full=1", r.URL.RawQuery)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.Handle("/moved", http.RedirectHandler("/ok", http.StatusFound))
	mux.HandleFunc("/down", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	mux.HandleFunc("/secure", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("X-Forwarded-Proto") != "https":
			http.Redirect(w, r, "https://localhost/secure", http.StatusMovedPermanently)
		case r.Host != "app.example.com":
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	var seen http.Header
	mux.HandleFunc("/seen", func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header
		w.WriteHeader(http.StatusInternalServerError)
	})
	mux.HandleFunc("/hang", func(http.ResponseWriter, *http.Request) { <-hung })
	srv := &httptest.Server{Listener: l, Config: &http.Server{Handler: mux}}
	srv.Start()
	defer srv.Close()
	defer close(hung)

	require.NoError(t, ask("/ok?full=1"))
	const sent = " (sent Host: localhost, User-Agent: ldcorn-health, X-Forwarded-For: 127.0.0.1, X-Forwarded-Proto: http)"
	require.EqualError(t, ask("/moved"), `GET /moved: got status 302 to "/ok", want 2xx; change health_path to a path that does not redirect`+sent)
	require.EqualError(t, ask("/down"), "GET /down: got status 503, want 2xx"+sent)
	require.ErrorContains(t, ask("/secure"), `got status 301 to "https://localhost/secure", want 2xx; for an app that requires https, set health_headers=[set_header("X-Forwarded-Proto", "https")]`)
	require.ErrorContains(t, ask("/secure", edit(t, "set_header", "X-Forwarded-Proto", plan.Plain("https"))), `for an app that checks the Host header, set health_headers=[set_header("Host", …)]`)
	require.NoError(t, ask("/secure",
		edit(t, "set_header", "x-forwarded-proto", plan.Plain("https")), edit(t, "set_header", "host", plan.Plain("app.example.com"))))
	err = ask("/seen", edit(t, "set_header", "X-Key", plan.Secret("s3cret")), edit(t, "add_header", "X-Key", plan.Plain("2")),
		edit(t, "remove_header", "user-agent", plan.Text{}), edit(t, "add_header", "X_Odd", plan.Plain("3")))
	require.EqualError(t, err, "GET /seen: got status 500, want 2xx; see the app's own error in the log (sent Host: localhost, "+
		"X-Forwarded-For: 127.0.0.1, X-Forwarded-Proto: http, X-Key: (secret), X-Key: 2, X_Odd: 3)")
	assert.Equal(t, http.Header{"X-Key": {"s3cret", "2"}, "X_odd": {"3"}, "Connection": {"close"},
		"X-Forwarded-For": {"127.0.0.1"}, "X-Forwarded-Proto": {"http"}}, seen)
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, os.ErrDeadlineExceeded)
	defer cancel()
	require.ErrorIs(t, p.Check(ctx, Health{Path: "/hang"}), os.ErrDeadlineExceeded)
}

// TestHealth_Client: a check names a client, as a request does, unless
// health_headers name another or none; it never sends more lines than they say.
func TestHealth_Client(t *testing.T) {
	for name, c := range map[string]struct {
		edits []plan.HeaderEdit
		want  []string
	}{
		"default": {nil, []string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http"}},
		"set": {[]plan.HeaderEdit{edit(t, "set_header", "x-forwarded-for", plan.Plain("10.0.0.1"))},
			[]string{"X-Forwarded-Proto: http", "x-forwarded-for: 10.0.0.1"}},
		"added": {[]plan.HeaderEdit{edit(t, "add_header", "X-FORWARDED-PROTO", plan.Plain("https"))},
			[]string{"X-Forwarded-For: 127.0.0.1", "X-FORWARDED-PROTO: https"}},
		"removed": {[]plan.HeaderEdit{edit(t, "remove_header", "X-Forwarded-For", plan.Text{}), edit(t, "remove_header", "X-Forwarded-Proto", plan.Text{})}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := Health{Path: "/", Headers: c.edits}
			assert.Equal(t, append([]string{"Host: localhost", "User-Agent: ldcorn-health"}, c.want...), h.sent())
		})
	}
}

// TestHealth_Hint: if the status tells what is wrong, the error says what to
// do.
func TestHealth_Hint(t *testing.T) {
	for status, want := range map[int]string{
		301: "change health_path", 307: "change health_path", 400: `set_header("Host"`, 401: `set_header("Authorization"`,
		403: `set_header("Authorization"`, 404: "add the route to the app, or change health_path", 405: "change health_path", 500: "see the app's own error",
	} {
		assert.Contains(t, Health{}.hint(status, ""), want, status)
	}
	assert.Empty(t, Health{}.hint(503, ""))
}

func edit(t testing.TB, op plan.HeaderOp, name string, v plan.Text) plan.HeaderEdit {
	t.Helper()
	e, err := plan.NewHeaderEdit(op, name, v)
	require.NoError(t, err)
	require.NoError(t, e.CheckSide(plan.ToHealth))
	return e
}

func TestMeter(t *testing.T) {
	cmd := exec.Command("/bin/sh", "-c", "read go; sleep 600 & sleep 600 & wait")
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	cmd.SysProcAttr = leading()
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	alone := readGroups()[cmd.Process.Pid].RSS
	require.Positive(t, alone)
	_, err = stdin.Write([]byte("\n"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { // its children count, too
		return readGroups()[cmd.Process.Pid].RSS > alone
	}, patience, time.Millisecond)

	var m Meter
	assert.Positive(t, m.Usage(cmd.Process.Pid).RSS)
	assert.Zero(t, m.Usage(1<<30))
}
