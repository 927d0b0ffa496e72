package worker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// heard collects lines.
type heard struct {
	mu    sync.Mutex // guards lines
	lines []string
	first chan struct{} // closed with the first line
	once  sync.Once
}

func (h *heard) Line(src Source, stream Stream, text []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, src.Command+" "+string(stream)+" "+string(text))
	h.once.Do(func() { close(h.first) })
}

func (h *heard) End(Source) {}

// shell returns a command that a shell runs.
func shell(line string) (*Command, *heard) {
	h := &heard{first: make(chan struct{})}
	return &Command{Args: []string{"/bin/sh", "-c", line}, Env: os.Environ(), Output: h, Source: Source{Group: "api", Command: "before_start"}}, h
}

func TestCommand(t *testing.T) {
	c, said := shell("cat; echo two >&2")
	c.Stdin = []byte("one\n")
	require.NoError(t, c.Run(t.Context()))
	assert.ElementsMatch(t, []string{"before_start stdout one", "before_start stderr two"}, said.lines)

	c, _ = shell("echo what is wrong; exit 3")
	failed := new(CommandError)
	require.ErrorAs(t, c.Run(t.Context()), &failed)
	assert.Equal(t, "exit code 3", failed.Error())
	assert.Equal(t, []string{"what is wrong"}, failed.Stderr)

	c, _ = shell("kill -9 $$")
	assert.ErrorContains(t, c.Run(t.Context()), "killed by signal 9 (SIGKILL)")

	c = &Command{Args: []string{"/nowhere/program"}}
	require.ErrorAs(t, c.Run(t.Context()), &failed)
}

// TestCommand_EndsItsGroup ends a command whose child ignores TERM.
func TestCommand_EndsItsGroup(t *testing.T) {
	for name, run := range map[string]func(*Command, <-chan struct{}) error{
		"limit": func(c *Command, _ <-chan struct{}) error {
			c.Limit = 100 * time.Millisecond
			return c.Run(t.Context())
		},
		"stop": func(c *Command, first <-chan struct{}) error {
			ctx, cancel := context.WithCancelCause(t.Context())
			go func() { <-first; cancel(errors.New("stopped")) }()
			return c.Run(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c, said := shell("trap '' TERM; sleep 1000 & echo $! >pid; echo ready; wait")
			c.Dir = dir
			hurry := make(chan struct{})
			close(hurry) // as a second TERM: KILL at once
			c.Hurry = hurry
			err := run(c, said.first)
			require.Error(t, err)
			if name == "stop" {
				assert.EqualError(t, err, "stopped")
			} else {
				assert.EqualError(t, err, "not done within 100ms")
			}
			pid, err := os.ReadFile(filepath.Join(dir, "pid"))
			if err != nil {
				return // it was ended before that
			}
			var n int
			for _, d := range strings.TrimSpace(string(pid)) {
				n = n*10 + int(d-'0')
			}
			assert.Eventually(t, func() bool { return syscall.Kill(n, 0) != nil }, 10*time.Second, 10*time.Millisecond)
		})
	}
}

func TestCommandOf(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "venv", "bin")
	require.NoError(t, os.MkdirAll(bin, 0o755))
	for _, name := range []string{"python", "alembic"} {
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"), 0o755))
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "task"), []byte("#!/bin/sh\n"), 0o755))
	group := &plan.Group{Name: "api", Python: filepath.Join(bin, "python"), Cwd: dir, Env: []plan.EnvVar{plan.Variable("DB", plan.Secret("db-{index}"), false)}}
	c, err := CommandOf(&plan.Command{Args: []string{"alembic", "upgrade"}, Timeout: time.Minute}, group, "/")
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(bin, "alembic"), "upgrade"}, c.Args)
	assert.Equal(t, dir, c.Dir)
	assert.Equal(t, time.Minute, c.Limit)
	assert.True(t, strings.HasPrefix(lastVariable(c.Env, "PATH"), bin+":"))
	assert.Equal(t, "db-0", lastVariable(c.Env, "DB"))
	assert.Equal(t, "api", lastVariable(c.Env, EnvGroup))
	assert.Empty(t, lastVariable(c.Env, EnvWorker))

	c, err = CommandOf(&plan.Command{Args: []string{"./task"}}, group, "/")
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(dir, "task"), c.Args[0])

	_, err = CommandOf(&plan.Command{Args: []string{"alembik"}}, group, "/")
	assert.ErrorContains(t, err, `there is no program "alembik"`)
	_, err = CommandOf(&plan.Command{Args: []string{"./nothing"}}, group, "/")
	assert.ErrorContains(t, err, "there is no file "+filepath.Join(dir, "nothing"))
}
