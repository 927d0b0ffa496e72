package confine

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ldcorn/ldcorn/engine/shortage"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// backstop limits a confined process if Options has no limit.
const backstop = 10 * time.Minute

// Grace is the time that a caller adds to the time limit of the process before
// it gives the process up: the process allows itself some slack, and starts and
// ends slowly on a busy machine.
const Grace = 5 * time.Second

// killGrace is how long Run waits for a killed process to end. A process that a
// dead network file system holds may never end.
const killGrace = 2 * time.Second

// Options control how a confined process is started.
type Options struct {
	Purpose string   // the Purpose of its Cell
	Args    []string // arguments, without the program
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  *os.File // nil means none
	// Limit bounds the whole process by the caller's clock, because a process
	// that hangs (it was stopped, its cgroup is frozen, a file system does not
	// respond) cannot check its own. 0 means ten minutes.
	Limit time.Duration
	// Started, if not nil, is called with a function that sends the process a
	// signal.
	Started func(signal func(os.Signal))
}

// Run starts this program confined, waits for it, and returns its exit code.
// The error is an *Ended if the process did not exit on its own, or the error
// of ctx. The process does not outlive this one, unless it cannot be killed;
// Run does not wait for such a process.
func Run(ctx context.Context, opts Options) (int, error) {
	limit := cmp.Or(opts.Limit, backstop)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errStuck)
	defer cancel()
	p := &process{opts: opts}
	done := make(chan error, 1)
	go func() { done <- p.run(ctx) }()
	cause := Stuck
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case err = <-done:
		case <-time.After(2 * killGrace): // once for SIGTERM
			// The kernel will end it; it has been killed.
			cause, err = Unkillable, ctx.Err()
		}
	}
	switch {
	case err == nil:
		return p.code, nil
	case ctx.Err() != nil && context.Cause(ctx) == errStuck:
		last := p.doing()
		return -1, &Ended{Cause: cause, Doing: last.Doing, File: last.File, Limit: limit}
	}
	return -1, err
}

// errStuck is the cause of a context that Options.Limit ends.
var errStuck = errors.New("the confined process takes too long")

// A process is a confined process, seen from its parent.
type process struct {
	opts  Options
	code  int
	bytes uint64
	over  note // says that it exceeded a limit
	print bytes.Buffer
	crash limited

	mu   sync.Mutex // guards last
	last note       // the step that it last began
}

func (p *process) doing() note {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

func (p *process) run(ctx context.Context) error {
	// On Linux, the kernel ends the child when the thread that started it ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	path, err := self()
	if err != nil {
		return err
	}
	notes, theirs, err := os.Pipe()
	if err != nil {
		return notStarted(err)
	}
	defer notes.Close()
	stderr := p.opts.Stderr
	if stderr == nil {
		if stderr, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil {
			theirs.Close()
			return notStarted(err)
		}
		defer stderr.Close()
	}
	cmd := exec.CommandContext(ctx, path, p.opts.Args...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), purpose+"="+p.opts.Purpose)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.opts.Stdin, p.opts.Stdout, &p.crash
	cmd.ExtraFiles = []*os.File{stderr, theirs} // at stderrFD and notesFD
	leash, err := tie(cmd)
	if err != nil {
		theirs.Close()
		return notStarted(err)
	}
	defer leash.end()
	cmd.Cancel = func() error {
		if p.doing().Doing == foreign {
			return cmd.Process.Signal(syscall.SIGTERM) // and SIGKILL after WaitDelay
		}
		return cmd.Process.Kill()
	}
	cmd.WaitDelay = killGrace
	err = cmd.Start()
	theirs.Close()
	leash.started()
	if err != nil {
		return notStarted(err)
	}
	if p.opts.Started != nil {
		p.opts.Started(func(sig os.Signal) { _ = cmd.Process.Signal(sig) })
	}
	p.read(notes)
	err = cmd.Wait()
	return p.conclude(ctx, cmd.ProcessState, err)
}

func notStarted(err error) error {
	return fmt.Errorf("start a process to evaluate the configuration in: %w", shortage.Explain(err))
}

// read reads the notes until the process ends.
func (p *process) read(notes io.Reader) {
	lines := bufio.NewReader(notes)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var n note
		switch {
		case json.Unmarshal(line, &n) != nil:
		case n.Bytes != 0:
			p.bytes = n.Bytes
		case n.Over != "":
			p.over = n
		case n.Print != "":
			if p.print.Len() < maxPrint {
				p.print.WriteString(n.Print)
			}
		default:
			p.mu.Lock()
			p.last = n
			p.mu.Unlock()
		}
	}
}

// conclude determines how the process has ended.
func (p *process) conclude(ctx context.Context, state *os.ProcessState, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p.code = state.ExitCode()
	status := state.Sys().(syscall.WaitStatus)
	words := p.crash.String()
	last := p.doing()
	end := &Ended{Doing: last.Doing, File: last.File, Memory: p.bytes, Printed: p.print.String()}
	var exit *exec.ExitError
	switch {
	case p.over.Over == overMemory:
		end.Cause = TooMuchMemory
	case p.over.Over == overTime:
		end.Cause, end.Limit = TooLong, p.over.Limit
	case strings.Contains(words, "stack exceeds"), strings.Contains(words, "stack overflow"):
		end.Cause = TooDeep
	case err != nil && end.isScarce(status, words):
		end.Cause = TooScarce
	case err != nil && saysMemory(words):
		end.Cause = TooMuchMemory
	case err != nil && saysThreads(words):
		end.Cause = TooFewThreads
	case crashed(words):
		end.Cause, end.Words = Crashed, firstLines(words)
	case status.Signaled():
		end.Cause, end.Signal = Killed, status.Signal()
	case err != nil && lastSignal(words) != 0:
		end.Cause, end.Signal = Killed, lastSignal(words)
	case err != nil && !errors.As(err, &exit):
		return err
	default:
		_, _ = os.Stderr.WriteString(visible.Text(words)) // for example, of the race detector
		return nil
	}
	return end
}

// isScarce reports whether the process ended as processes without memory do,
// and the system limits memory.
func (e *Ended) isScarce(status syscall.WaitStatus, words string) bool {
	e.scarcity, e.advice = scarcity()
	fault := status.Signaled() && slices.Contains([]syscall.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGABRT, syscall.SIGTRAP}, status.Signal())
	return e.scarcity != "" && (fault || saysMemory(words) || saysThreads(words) || crashed(words))
}

// crashed reports whether words is the final output of a Go program that
// crashed.
func crashed(words string) bool {
	return strings.Contains(words, "goroutine ") &&
		(strings.Contains(words, "panic: ") || strings.Contains(words, "fatal error: ") || strings.Contains(words, "SIGSEGV"))
}

const shownWords = 3 // lines of the final output

func firstLines(words string) []string {
	lines := strings.Split(strings.TrimSpace(words), "\n")
	return lines[:min(len(lines), shownWords)]
}

// limited keeps the beginning of the data written to it.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if kept := min(len(p), maxCrash-l.Len()); kept > 0 {
		l.Buffer.Write(p[:kept])
	}
	return len(p), nil
}
