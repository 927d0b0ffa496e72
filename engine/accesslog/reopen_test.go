package accesslog

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/logtest"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestReopen_LosesNothing: lines that are logged while the file is moved away
// and reopened are all there, each exactly once, in one of the files.
func TestReopen_LosesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	told := new(logtest.Text)
	l := New(Options{Log: slog.New(slog.NewTextHandler(told, nil))})
	stop := run(t, l)
	use(t, l, &plan.Plan{AccessLog: plan.AccessLog(path), LogFormat: plan.LogText})
	const rotations, writers, each = 20, 4, 200
	var busy sync.WaitGroup
	for range writers {
		busy.Go(func() {
			for range each {
				l.Observe(served(t))
			}
		})
	}
	for i := range rotations {
		require.NoError(t, os.Rename(path, path+string(rune('a'+i))))
		l.Reopen()
		require.FileExists(t, path)
	}
	busy.Wait()
	stop()
	files, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	assert.Len(t, files, rotations+1)
	lines := 0
	for _, file := range files {
		got, err := os.ReadFile(file)
		require.NoError(t, err)
		lines += strings.Count(string(got), "\n")
	}
	assert.Equal(t, writers*each, lines)
	assert.Equal(t, rotations, strings.Count(told.String(), `msg="logs reopened" files=1`))
}

// TestReopen_BeforeUse: a file that was opened before the log was reopened, but
// is first used afterwards, is opened once more.
func TestReopen_BeforeUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := New(Options{Log: slog.New(slog.DiscardHandler)})
	stop := run(t, l)
	target, err := l.Open(&plan.Plan{AccessLog: plan.AccessLog(path), LogFormat: plan.LogText})
	require.NoError(t, err)
	require.NoError(t, os.Rename(path, path+".1"))
	l.Reopen()
	l.Use(target)
	l.Observe(served(t))
	stop()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, 1, strings.Count(string(got), "\n"))
}

// TestReopen_Fails: the old file stays in use, and the log says so.
func TestReopen_Fails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sub", "log")
	require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
	told := new(logtest.Text)
	l := New(Options{Log: slog.New(slog.NewTextHandler(told, nil))})
	stop := run(t, l)
	l.Reopen()
	assert.Contains(t, told.String(), "files=0", "no log yet")
	use(t, l, &plan.Plan{AccessLog: plan.AccessLog(path), LogFormat: plan.LogText})
	require.NoError(t, os.Rename(filepath.Dir(path), filepath.Join(dir, "moved")))
	l.Reopen()
	assert.Contains(t, told.String(), "the old file stays in use")
	require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
	require.NoError(t, os.Mkdir(path, 0o700)) // a folder where the file should be
	l.Reopen()
	assert.Equal(t, 2, strings.Count(told.String(), "stays in use"))
	l.Observe(served(t))
	stop()
	got, err := os.ReadFile(filepath.Join(dir, "moved", "log"))
	require.NoError(t, err)
	assert.Equal(t, 1, strings.Count(string(got), "\n"))
}
