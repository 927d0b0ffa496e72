package stuck

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// DumpSignal is the signal for which an app registers faulthandler. Uvicorn does
// not use it.
const DumpSignal = unix.SIGUSR1

const (
	stackPause = time.Minute      // between two stacks of a worker
	spyLimit   = 10 * time.Second // of py-spy
	spyLines   = 200              // of its output
	spyBytes   = 64 << 10
)

// adviceOnStacks says what to do if there is no way to get a stack.
const adviceOnStacks = "let the app call faulthandler.register(signal.SIGUSR1, all_threads=True), or install py-spy beside its interpreter"

// stacks gets the stacks of workers, one of a worker at a time.
type stacks struct {
	log     *slog.Logger
	out     worker.Output // may be nil
	running sync.WaitGroup

	mu   sync.Mutex // guards all below
	next map[process]time.Time
	busy map[process]bool
	said map[string]bool // groups whose stacks cannot be had, and said so
}

func newStacks(log *slog.Logger, out worker.Output) stacks {
	return stacks{log: log, out: out, next: make(map[process]time.Time), busy: make(map[process]bool), said: make(map[string]bool)}
}

// wait waits until no stack is being got.
func (s *stacks) wait() { s.running.Wait() }

// get gets the stack of a worker in the background, unless one is under way or was
// got within stackPause.
func (s *stacks) get(ctx context.Context, p process, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for old, at := range s.next {
		if !now.Before(at) {
			delete(s.next, old)
		}
	}
	if _, recent := s.next[p]; recent || s.busy[p] {
		return
	}
	s.next[p], s.busy[p] = now.Add(stackPause), true
	s.running.Go(func() {
		s.dump(ctx, p)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.busy, p)
	})
}

// dump gets the stack of a worker.
func (s *stacks) dump(ctx context.Context, p process) {
	found, err := proc.Read(p.pid)
	if err != nil || found.Parent != os.Getpid() || found.Ending() {
		return // the worker has ended, and the pid may be another process's
	}
	log := s.log.With("group", p.group, "worker", p.index, "pid", p.pid)
	if found.Catches(DumpSignal) {
		log.Warn("stack of a slow worker", "by", "faulthandler", "hint", "the next lines of the worker on stderr are its stack")
		_ = found.Signal(DumpSignal) // fails only if it has exited
		return
	}
	spy := findSpy(p.pid)
	if spy == "" {
		s.sayOnce(p.group, log, noStack, noMeans, adviceOnStacks)
		return
	}
	s.spy(ctx, log, p, spy)
}

// foresee says that there will be no stacks of a group if nothing could get one of a
// worker of it. It sends no signal and starts nothing.
func (s *stacks) foresee(p process) {
	found, err := proc.Read(p.pid)
	if err != nil || found.Parent != os.Getpid() || found.Ending() || found.Catches(DumpSignal) || findSpy(p.pid) != "" {
		return
	}
	s.sayOnce(p.group, s.log.With("group", p.group), "dump_on_stuck=True can get no stack", noMeans, adviceOnStacks)
}

// What sayOnce says.
const (
	noStack = "no stack of a slow worker"
	noMeans = "the app has no handler for SIGUSR1, and py-spy was not found"
)

// sayOnce says that there are no stacks of a group.
func (s *stacks) sayOnce(group string, log *slog.Logger, message, reason, hint string) {
	s.mu.Lock()
	said := s.said[group]
	s.said[group] = true
	s.mu.Unlock()
	if !said {
		log.Warn(message, "reason", reason, "hint", hint)
	}
}

// findSpy returns the path of py-spy, beside the interpreter of a process or in
// PATH, or "". Beside the interpreter of another user it may be anything.
func findSpy(pid int) string {
	if python := (&proc.Process{PID: pid}).Program(); filepath.IsAbs(python) && (&proc.Process{PID: pid}).UID() == os.Geteuid() {
		if path, err := exec.LookPath(filepath.Join(filepath.Dir(python), "py-spy")); err == nil {
			return path
		}
	}
	path, err := exec.LookPath("py-spy")
	if err != nil {
		return ""
	}
	return path
}

// spy prints the stack of a worker by py-spy.
func (s *stacks) spy(ctx context.Context, log *slog.Logger, p process, path string) {
	ctx, cancel := context.WithTimeout(ctx, spyLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "dump", "--pid", strconv.Itoa(p.pid))
	var out, failed bounded
	cmd.Stdout, cmd.Stderr = &out, &failed
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		reason, hint := "py-spy: "+err.Error(), adviceOnStacks
		said := visible.FirstLine(strings.TrimSpace(failed.String()))
		no := denial(failed.String())
		if no != "" {
			said = no // py-spy guesses at the causes of what it could not do then
		}
		if said != "" {
			reason += ": " + visible.Cut(said, 200)
		}
		if no != "" {
			hint = "ptrace is denied: set kernel.yama.ptrace_scope=0, or give CAP_SYS_PTRACE to ldcorn (in a container, --cap-add SYS_PTRACE), or let the app call faulthandler.register(signal.SIGUSR1, all_threads=True)"
		}
		s.sayOnce(p.group, log, noStack, reason, hint)
		return
	}
	log.Warn("stack of a slow worker", "by", path, "hint", "the next lines of the worker are its stack")
	if s.out == nil {
		return
	}
	src := worker.Source{Group: p.group, Worker: p.index, PID: p.pid, Ready: true}
	for i, line := range bytes.Split(bytes.TrimRight(out.Bytes(), "\n"), []byte("\n")) {
		if i == spyLines {
			s.out.Line(src, worker.Stderr, []byte("…"))
			return
		}
		s.out.Line(src, worker.Stderr, line)
	}
}

// denied matches what py-spy says if it may not look at a process, also among causes that
// it numbers.
var denied = regexp.MustCompile(`(?im)^\s*(?:\d+: )?(.*(?:permission denied|operation not permitted).*)$`)

// denial returns the line with which py-spy says that it may not look at a process, or "".
func denial(said string) string {
	if line := denied.FindStringSubmatch(said); line != nil {
		return visible.FirstLine(line[1])
	}
	return ""
}

// A bounded buffer keeps the beginning of what is written to it.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	_, _ = b.Buffer.Write(p[:min(len(p), max(spyBytes-b.Len(), 0))]) // never fails
	return len(p), nil
}
