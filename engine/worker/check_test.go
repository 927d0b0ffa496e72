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
)

func TestProcess_Check(t *testing.T) {
	dir, err := os.MkdirTemp("", "c")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := &Process{socket: filepath.Join(dir, "s")}
	require.ErrorContains(t, p.Check(t.Context(), "/"), "GET /: dial unix")

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
	mux.HandleFunc("/hang", func(http.ResponseWriter, *http.Request) { <-hung })
	srv := &httptest.Server{Listener: l, Config: &http.Server{Handler: mux}}
	srv.Start()
	defer srv.Close()
	defer close(hung)

	require.NoError(t, p.Check(t.Context(), "/ok?full=1"))
	require.EqualError(t, p.Check(t.Context(), "/moved"), "GET /moved: got status 302, want 2xx")
	require.EqualError(t, p.Check(t.Context(), "/down"), "GET /down: got status 503, want 2xx")
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, os.ErrDeadlineExceeded)
	defer cancel()
	require.ErrorIs(t, p.Check(ctx, "/hang"), os.ErrDeadlineExceeded)
}

func TestMeter(t *testing.T) {
	cmd := exec.Command("/bin/sh", "-c", "read go; sleep 600 & sleep 600 & wait")
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	alone := readGroups()[cmd.Process.Pid].RSS
	require.Positive(t, alone)
	_, err = stdin.Write([]byte("\n"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { // its children are counted
		return readGroups()[cmd.Process.Pid].RSS > alone
	}, patience, time.Millisecond)

	var m Meter
	assert.Positive(t, m.Usage(cmd.Process.Pid).RSS)
	assert.Zero(t, m.Usage(1<<30))
}
