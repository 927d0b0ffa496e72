//go:build linux

package loader

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/interpret"
	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/starlark/confine"
)

func TestMain(m *testing.M) {
	harness.Main(m, func() int { return Try(confine.Enter(), os.Stdin, os.Stdout) })
}

// TestLoader_Stuck checks that a process that hangs while it evaluates the
// configuration ends that load with an error that says so, and that the next
// load works.
func TestLoader_Stuck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ldconfig.star")
	l := New(path, "ldconfig.star", interpret.Options{}, nil, io.Discard, slog.New(slog.DiscardHandler))
	l.opts.Timeout = 500 * time.Millisecond
	l.opts.MaxSteps = 1 << 60
	const endless = "def f():\n    for a in range(1000000):\n        for b in range(1000000):\n            pass\nf()\n"
	require.NoError(t, os.WriteFile(path, []byte(endless), 0o600))
	for {
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			_, _, err := l.Load(ctx, nil)
			failed <- err
		}()
		stopped, err := stopTrial(failed)
		if err == nil {
			err = <-failed
		}
		cancel()
		if !stopped {
			continue // it ended before we looked
		}
		text := l.Explain(err)
		assert.Contains(t, text, "has not ended within 6s: its process hung and was killed")
		assert.Contains(t, text, "ldconfig.star cannot be used")
		break
	}
	const good = `config = LdConfig(bind = "127.0.0.1:0", workers = [WorkerGroup("web", "app:app")])`
	require.NoError(t, os.WriteFile(path, []byte(good), 0o600))
	_, _, err := l.Load(t.Context(), nil)
	require.NoError(t, err)
}

// TestLoader_Set: what is set counts in the confined process and in the master.
func TestLoader_Set(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ldconfig.star")
	l := New(path, "ldconfig.star", interpret.Options{}, nil, io.Discard, slog.New(slog.DiscardHandler))
	const text = `config = LdConfig(bind = "127.0.0.1:0", workers = [WorkerGroup("web", "app:app", instances = arg("workers", 2))])`
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	p, _, err := l.Load(t.Context(), map[string]string{"workers": "5"})
	require.NoError(t, err)
	assert.Equal(t, 5, p.Groups[0].Instances)
	assert.Equal(t, map[string]string{"workers": "5"}, p.Set)
	p, _, err = l.Preview(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, 2, p.Groups[0].Instances)
	_, _, err = l.Preview(t.Context(), map[string]string{"worker": "5"})
	require.ErrorContains(t, err, "--set worker=5: the configuration has no argument `worker`")
	assert.ErrorContains(t, err, "did you mean `workers`?")
}

// stopTrial stops the process that evaluates a configuration. If the load fails
// before that, it returns the error of the load.
func stopTrial(failed <-chan error) (bool, error) {
	for {
		select {
		case err := <-failed:
			return false, err
		default:
		}
		for _, p := range proc.All() {
			if p.Parent != os.Getpid() {
				continue
			}
			if purpose, _ := p.Env("LDCORN_CONFINED"); purpose == Purpose && p.Signal(unix.SIGSTOP) == nil {
				return true, nil
			}
		}
	}
}

// TestLoader_Paths checks that the files of a configuration are known, and those
// that a wrong one has looked for.
func TestLoader_Paths(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	path := filepath.Join(dir, "ldconfig.star")
	l := New(path, "ldconfig.star", interpret.Options{}, nil, io.Discard, slog.New(slog.DiscardHandler))
	assert.Equal(t, []string{path}, l.Paths())

	write("ldconfig.star", `load("common.star", "NAME")`+"\n"+`config = LdConfig(bind = "127.0.0.1:0", workers = [WorkerGroup(NAME, "app:app")])`)
	_, _, err = l.Load(t.Context(), nil)
	require.Error(t, err)
	assert.Equal(t, []string{filepath.Join(dir, "common.star"), path}, l.Paths())

	write("common.star", `NAME = `)
	_, _, err = l.Load(t.Context(), nil)
	require.Error(t, err)
	assert.Equal(t, []string{filepath.Join(dir, "common.star"), path}, l.Paths())

	write("common.star", `NAME = secret_file("name.txt")`)
	write("name.txt", "web")
	_, _, _ = l.Load(t.Context(), nil)
	assert.Equal(t, []string{filepath.Join(dir, "common.star"), path, filepath.Join(dir, "name.txt")}, l.Paths())
}
