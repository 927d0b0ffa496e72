package stuck

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/logtest"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/proxy"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// slow returns a worker with n requests that have become slow, numbered from first.
func slow(first uint64, n int) proxy.SlowWorker {
	w := proxy.SlowWorker{Group: "web", Worker: 2, PID: 1 << 30, Count: n, Longest: 7 * time.Second}
	for i := range min(n, shown) {
		w.Oldest = append(w.Oldest, proxy.SlowRequest{Number: first + uint64(i), For: 7 * time.Second,
			InHand: proxy.InHand{ID: "id", Method: "GET", Path: "/secret-path", Group: "web", Worker: 2, PID: 1 << 30, Age: 8 * time.Second, Held: 7 * time.Second}})
	}
	return w
}

// TestWatcher: requests that become slow at once have a few lines and a count, and
// those with a line have one at their end. A plan without slow_request ends the looks.
func TestWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text logtest.Text
		var events event.Stream
		var counted, looks atomic.Int64
		next := make(chan []proxy.SlowWorker, 1)
		next <- []proxy.SlowWorker{slow(1, 500)}
		w := New(Options{Log: slog.New(slog.NewTextHandler(&text, nil)), Events: &events, Count: func(_ string, n int) { counted.Add(int64(n)) },
			Slow: func(limits map[string]time.Duration, few int) []proxy.SlowWorker {
				assert.Equal(t, map[string]time.Duration{"web": 5 * time.Second}, limits)
				assert.Equal(t, shown, few)
				looks.Add(1)
				select {
				case out := <-next:
					return out
				default:
					return nil
				}
			}})
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { w.Run(ctx) })
		time.Sleep(time.Hour)
		require.Zero(t, looks.Load(), "no group has slow_request")

		w.Follow(&plan.Plan{Groups: []*plan.Group{{Name: "web", SlowRequest: 5 * time.Second}, {Name: "other"}}})
		synctest.Wait()
		assert.EqualValues(t, 1, looks.Load())
		assert.EqualValues(t, 500, counted.Load())
		assert.Equal(t, shown, strings.Count(text.String(), `msg="request is slow" group=web worker=2`))
		assert.Contains(t, text.String(), `msg="more requests are slow" group=web worker=2 pid=1073741824 requests=497 longest=7s`)
		newest := events.Newest(10)
		require.Len(t, newest, 1)
		assert.Equal(t, "slow web.2 no answer within slow_request, 5s", string(newest[0].Kind)+" "+newest[0].Subject()+" "+newest[0].Reason)

		next <- []proxy.SlowWorker{slow(1000, 2)}
		time.Sleep(pause / 2)
		synctest.Wait()
		assert.Equal(t, shown, strings.Count(text.String(), `msg="request is slow"`), "the lines of the pause are used up")
		time.Sleep(pause)
		synctest.Wait()
		assert.Contains(t, text.String(), `msg="more requests are slow" group=web worker=2 pid=1073741824 requests=2 longest=7s`)

		w.Ended(proxy.SlowEnd{Number: 1, Group: "web", Worker: 2, Method: "GET", Path: "/secret-path", Status: 200, Took: 9 * time.Second, ID: "id"})
		w.Ended(proxy.SlowEnd{Number: 400})
		synctest.Wait()
		assert.Equal(t, 1, strings.Count(text.String(), `msg="slow request ended"`))
		assert.Contains(t, text.String(), "path=/secret-path status=200 took=9s")

		w.Follow(&plan.Plan{Groups: []*plan.Group{{Name: "web"}}})
		synctest.Wait()
		before := looks.Load()
		time.Sleep(time.Hour)
		assert.Equal(t, before, looks.Load())
		cancel()
		running.Wait()
	})
}

// lines is a worker.Output that keeps lines.
type lines struct {
	mu  sync.Mutex // guards all
	all []string
}

func (l *lines) Line(src worker.Source, _ worker.Stream, text []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, src.Group+" "+string(text))
}

func (l *lines) End(worker.Source) {}

// TestSpy: without a handler of the worker, py-spy gets the stack; what it cannot do is
// said once, with what to do.
func TestSpy(t *testing.T) {
	child := exec.Command("sleep", "1000") // it has no handler, so a signal would end it
	require.NoError(t, child.Start())
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	dir := t.TempDir()
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	spy := func(script string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "py-spy"), []byte("#!/bin/sh\n"+script+"\n"), 0o700))
	}
	var text logtest.Text
	var out lines
	s := newStacks(slog.New(slog.NewTextHandler(&text, nil)), &out)
	p, now := process{"web", 0, child.Process.Pid}, time.Now()
	get := func() {
		s.get(t.Context(), p, now)
		s.wait()
		now = now.Add(stackPause)
	}
	spy(`echo "Error: Operation not permitted (os error 1)" >&2; exit 1`)
	get()
	get()
	assert.Equal(t, 1, strings.Count(text.String(), `msg="no stack of a slow worker"`), "it is said once")
	assert.Contains(t, text.String(), "Operation not permitted (os error 1)\" hint=\"ptrace is denied: set kernel.yama.ptrace_scope=0")

	s.said = make(map[string]bool)
	spy(`printf 'Error: Failed to get process executable name. Check that the process is running.\n\nCaused by:\n    0: Permission denied (os error 13)\n' >&2; exit 1`)
	get()
	assert.Contains(t, text.String(), `reason="py-spy: exit status 1: Permission denied (os error 13)" hint="ptrace is denied`)

	spy(`echo "Thread: $*"; yes line | head -n 1000`)
	get()
	assert.Len(t, out.all, spyLines+1)
	assert.Regexp(t, `^web Thread: dump --pid \d+$`, out.all[0])
	now = now.Add(-stackPause / 2)
	get()
	assert.Len(t, out.all, spyLines+1, "one in a minute")

	p.pid = os.Getpid()
	get()
	assert.Len(t, out.all, spyLines+1, "a process that is no worker is left alone")
}

// TestForesee: with dump_on_stuck, the log says once, as soon as a worker is ready and
// before one is stuck, that nothing could get a stack.
func TestForesee(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	require.NoError(t, err)
	child := exec.Command(sleep, "1000")
	require.NoError(t, child.Start())
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	var text logtest.Text
	ready := 0
	w := New(Options{Log: slog.New(slog.NewTextHandler(&text, nil)), Ready: func(group string) (pid, index int) {
		assert.Equal(t, "web", group)
		return ready, 0
	}})
	s := settings{dumps: map[string]bool{"web": true, "other": false}}
	w.foresee(s)
	assert.Empty(t, text.String(), "no worker is ready")
	ready = child.Process.Pid
	w.foresee(s)
	w.foresee(s)
	assert.Equal(t, 1, strings.Count(text.String(), `msg="dump_on_stuck=True can get no stack" group=web reason="the app has no handler for SIGUSR1, and py-spy was not found" hint="let the app call faulthandler.register`))
	assert.Equal(t, 1, strings.Count(text.String(), "level="))

	require.NoError(t, os.WriteFile(filepath.Join(dir, "py-spy"), []byte("#!/bin/sh\n"), 0o700))
	w.foresee(settings{dumps: map[string]bool{"web": true}})
	before := text.String()
	w.stacks.foresee(process{"second", 0, child.Process.Pid})
	assert.Equal(t, before, text.String(), "py-spy is there")
}
