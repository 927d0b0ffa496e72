package accesslog

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestLog_Pipes: a FIFO and a pipe as standard output have room for what a busy log
// gathers, and keep it if they have more.
func TestLog_Pipes(t *testing.T) {
	size := func(f *os.File) int {
		n, err := unix.FcntlInt(f.Fd(), unix.F_GETPIPE_SZ, 0)
		require.NoError(t, err)
		return n
	}
	open := func(out io.Writer, path plan.AccessLog) {
		target, err := New(Options{Log: slog.New(slog.DiscardHandler), Stdout: out}).open(path)
		require.NoError(t, err)
		t.Cleanup(func() { target.Close() })
	}
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, unix.Mkfifo(fifo, 0o600))
	reader, err := os.OpenFile(fifo, os.O_RDONLY|unix.O_NONBLOCK, 0)
	require.NoError(t, err)
	t.Cleanup(func() { reader.Close() })
	open(nil, plan.AccessLog(fifo))
	assert.Equal(t, pipeSize, size(reader))

	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	open(w, plan.AccessLogStdout)
	assert.Equal(t, pipeSize, size(r))
}
