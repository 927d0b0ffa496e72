package worker

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// says returns a script that answers a probe.
func says(python, uvicorn string) string {
	return fmt.Sprintf(`echo "noise"; echo "ldcorn-probe pid=$$ python=%s beside=0 uvicorn=%s"`, python, uvicorn)
}

func TestProber(t *testing.T) {
	for name, c := range map[string]struct{ script, version, err string }{
		"fine":      {says("3.13.1", "0.34.2"), "0.34.2", ""},
		"short":     {says("3.13.1", "1.2"), "1.2.0", ""},
		"next":      {says("3.15.0", "1.0.0rc1"), "1.0.0", ""},
		"too old":   {says("3.7.1", "0.11.3"), "", "too old: want 0.17.0 or later"},
		"Python 2":  {says("2.7.18", ""), "", "is Python 2.7.18, want 3.8 or later"},
		"missing":   {says("3.13.1", "") + "; exit 3", "", `-m pip install uvicorn"`},
		"broken":    {`printf 'Traceback (most recent call last):\n  File x\nOSError: disk\n' >&2; exit 1`, "", "exit status 1: OSError: disk"},
		"shim":      {`printf 'pyenv: python3: command not found\n\nIt exists in:\n  3.8\n' >&2; exit 127`, "", "exit status 127: pyenv: python3: command not found; It exists in:; 3.8"},
		"stand-in":  {`echo 0.40.0`, "0.40.0", ""},
		"older one": {`echo 0.11.3`, "", "too old: want 0.17.0 or later"},
		"other":     {`echo hello`, "", `is not a Python interpreter (it was asked for its version and said "hello")`},
		"silent":    {`exit 0`, "", "said nothing"},
		"endless":   {`while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done`, "", "it printed too much"},
		"endless 2": {`while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done >&2`, "", "it printed too much"},
	} {
		t.Run(name, func(t *testing.T) {
			var p Prober
			python := Interpreter{Path: script(t, filepath.Join(t.TempDir(), "python"), c.script)}
			facts, err := p.Probe(t.Context(), python, &plan.Group{})
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				require.ErrorContains(t, err, python.Path)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.version, facts.Uvicorn.String())
			assert.False(t, facts.Wrapped)
		})
	}
}

func TestProber_NoProgram(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"import sys":                  "a script needs a first line such as #!/bin/sh",
		"#!/no/such/python\nimport x": "its interpreter does not exist",
	} {
		path := filepath.Join(dir, "python")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o755))
		_, err := probe(t.Context(), Interpreter{Path: path}, new(plan.Group), nil)
		assert.ErrorContains(t, err, want)
	}
}

// TestAsk_EndsItsGroup: a wrapper without exec leaves a child, which must not
// outlive the probe.
func TestAsk_EndsItsGroup(t *testing.T) {
	dir := t.TempDir()
	pid := filepath.Join(dir, "pid")
	python := script(t, filepath.Join(dir, "python"), "sleep 600 & echo $! > "+pid+".new; mv "+pid+".new "+pid+"; wait")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		for {
			if _, err := os.Stat(pid); err == nil {
				cancel(os.ErrDeadlineExceeded)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	_, err := Ask(ctx, Question{Python: python})
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	var child int
	data, err := os.ReadFile(pid)
	require.NoError(t, err)
	_, err = fmt.Sscan(string(data), &child)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return !running(child) }, patience, time.Millisecond)
}

func TestCapped_KeepsTheLast(t *testing.T) {
	var c capped
	const writes = 100_000
	for i := range writes {
		fmt.Fprintf(&c, "%07d ", i)
	}
	assert.LessOrEqual(t, len(c.buf), 2*maxAnswer)
	assert.GreaterOrEqual(t, len(c.buf), maxAnswer)
	assert.Equal(t, fmt.Sprintf("%07d ", writes-1), c.String()[len(c.buf)-8:])
	n, err := c.Write(make([]byte, 3*maxAnswer))
	require.NoError(t, err)
	assert.Equal(t, 3*maxAnswer, n)
	assert.Len(t, c.buf, maxAnswer)
}

func TestProber_AsksOnce(t *testing.T) {
	dir := t.TempDir()
	python := Interpreter{Path: script(t, filepath.Join(dir, "python"), `echo x >>`+dir+`/asked; `+says("3.11.1", "0.20.$PYTHONX"))}
	asked := func() int {
		data, err := os.ReadFile(filepath.Join(dir, "asked"))
		require.NoError(t, err)
		return len(data) / 2
	}
	var p Prober
	env := []plan.EnvVar{{Name: "PYTHONX", Value: plan.Plain("4")}}
	for range 2 {
		for _, group := range []*plan.Group{{}, {Env: []plan.EnvVar{{Name: "OTHER"}}}, {Env: env}} {
			_, err := p.Probe(t.Context(), python, group)
			require.NoError(t, err)
		}
	}
	assert.Equal(t, 2, asked(), "groups that see the same modules share an answer")
	p.Forget()
	facts, err := p.Probe(t.Context(), python, &plan.Group{Env: env})
	require.NoError(t, err)
	assert.Equal(t, "0.20.4", facts.Uvicorn.String())
	assert.Equal(t, 3, asked())
}

// TestProber_ForgetsErrors: an interpreter is asked again if it was broken for
// a moment, or if the machine had no room for it.
func TestProber_ForgetsErrors(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad")
	python := Interpreter{Path: script(t, filepath.Join(dir, "python"), `[ -e `+bad+` ] && exit 1; `+says("3.11.1", "0.20.4"))}
	require.NoError(t, os.WriteFile(bad, nil, 0o600))
	var p Prober
	_, err := p.Probe(t.Context(), python, &plan.Group{})
	require.Error(t, err)
	require.NoError(t, os.Remove(bad))
	_, err = p.Probe(t.Context(), python, &plan.Group{})
	require.NoError(t, err)
}

// TestProber_AnothersStop: a caller that waits for the answer to another
// caller's probe asks for itself once the other has given up.
func TestProber_AnothersStop(t *testing.T) {
	dir := t.TempDir()
	asked, open := filepath.Join(dir, "asked"), filepath.Join(dir, "open")
	python := Interpreter{Path: script(t, filepath.Join(dir, "python"), `touch `+asked+`; while ! [ -e `+open+` ]; do sleep 0.01; done; `+says("3.11.1", "0.20.4"))}
	var p Prober
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := p.Probe(ctx, python, &plan.Group{})
		first <- err
	}()
	require.Eventually(t, func() bool { _, err := os.Stat(asked); return err == nil }, 30*time.Second, time.Millisecond)
	go func() {
		_, err := p.Probe(t.Context(), python, &plan.Group{})
		second <- err
	}()
	cancel()
	require.Error(t, <-first)
	require.NoError(t, os.WriteFile(open, nil, 0o600))
	require.NoError(t, <-second)
}

// TestProber_RealInterpreter: the folder of a group may contain modules with
// the names of Python's.
func TestProber_RealInterpreter(t *testing.T) {
	python, facts := findUvicorn(t)
	assert.False(t, facts.Python.Less(oldestPython))
	assert.False(t, facts.Wrapped)
	assert.False(t, facts.Beside)
	dir := t.TempDir()
	for _, name := range []string{"logging.py", "os.py", "types.py", "uvicorn.py", "click.py"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("raise SystemExit('hidden')"), 0o600))
	}
	var p Prober
	again, err := p.Probe(t.Context(), Interpreter{Path: python}, &plan.Group{Cwd: dir})
	require.NoError(t, err)
	assert.Equal(t, facts, again)

	wrapper := script(t, filepath.Join(dir, "wrapper"), `'`+python+`' "$@"; exit $?`)
	again, err = p.Probe(t.Context(), Interpreter{Path: wrapper}, &plan.Group{Cwd: dir})
	require.NoError(t, err)
	assert.True(t, again.Wrapped)

	own := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(own, "uvicorn"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(own, "uvicorn/__init__.py"), []byte("__version__ = '0.99.1'"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(own, "uvicorn/main.py"), nil, 0o600))
	without := script(t, filepath.Join(dir, "without"), `exec '`+python+`' -S "$@"`)
	again, err = p.Probe(t.Context(), Interpreter{Path: without}, &plan.Group{Cwd: own})
	require.NoError(t, err)
	assert.True(t, again.Beside)
	assert.Equal(t, "0.99.1", again.Uvicorn.String())
}

// TestAsk_Shortage: an interpreter that cannot be started because a resource is
// exhausted is not to blame.
func TestAsk_Shortage(t *testing.T) {
	python := Interpreter{Path: script(t, filepath.Join(t.TempDir(), "python"), says("3.13.1", "0.34.2"))}
	var before unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	few := before
	few.Cur = 3
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &few))
	_, err := probe(t.Context(), python, new(plan.Group), nil)
	checked := CheckPython(t.Context(), python)
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &before))
	for _, err := range []error{err, checked} {
		require.EqualError(t, err, "start "+python.Path+": too many open files: the limit is 3; raise ulimit -n, or LimitNOFILE= of its systemd unit")
	}
}
