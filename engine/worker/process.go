package worker

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/cgroup"
	"github.com/ldcorn/ldcorn/engine/prepare"
	"github.com/ldcorn/ldcorn/engine/shortage"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// A Process is one running Uvicorn, which leads a session and process group of
// its own. Its methods are safe to call from any goroutine.
type Process struct {
	cmd     *exec.Cmd
	spec    Spec
	handle  // set by launch
	verdict *prepare.Verdict
	server  *stranger // the Uvicorn that a wrapper started, or nil; guarded by mu
	socket  string
	exited  chan struct{} // closed when the process has exited
	done    chan struct{} // closed when exit is complete
	exit    Exit          // valid once done is closed
	tail    tail
	ooms    int                    // oomKills when it started
	latest  atomic.Pointer[string] // the last line of output before it was ready

	asked, forced, ready atomic.Bool

	mu     sync.Mutex // guards server and reaped; held to send signals, of which there are none once reaped is set
	reaped bool
}

// startProcess starts the process. It must run on the launcher's thread.
func startProcess(spec Spec) (*Process, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	setup, err := spec.setup()
	if err != nil {
		return nil, err
	}
	p := newProcess(exec.Command(spec.Python, spec.Args()...))
	p.spec, p.socket = spec, cmp.Or(spec.Dial, spec.Socket)
	p.cmd.Dir, p.cmd.Env = spec.Group.Cwd, spec.Environ()
	return p, p.start(setup, Source{Group: spec.Group.Name, Worker: spec.Index}, spec.Output)
}

// newProcess returns a process that has not been started.
func newProcess(cmd *exec.Cmd) *Process {
	return &Process{cmd: cmd, ooms: oomKills(), exited: make(chan struct{}), done: make(chan struct{})}
}

// start starts the process, and collects its output, which comes from src, for out. On
// Linux, the kernel kills the process when the thread of the caller ends; elsewhere, a
// guard kills it when this process ends. Call prepared next.
func (p *Process) start(setup *prepare.Setup, src Source, out Output) error {
	stdout, err := attach(&p.cmd.Stdout, setup.Account)
	if err != nil {
		return shortage.Explain(err)
	}
	stderr, err := attach(&p.cmd.Stderr, setup.Account)
	if err == nil {
		setup.DeathSignal = deathSignal
		p.verdict, err = prepare.Wrap(p.cmd, setup)
	}
	if err == nil {
		// Where the kernel schedules by session (sched_autogroup), a session of its
		// own gives the worker a scheduling group of its own, so that it does not
		// share one with its master.
		if err = p.launch(); err != nil {
			err = p.verdict.Drop(err)
		}
	}
	closeOurs(p.cmd.Stdout, p.cmd.Stderr)
	if err != nil {
		closeAll(stdout, stderr)
		return shortage.Explain(err)
	}
	src.PID = p.PID()
	go p.collect(stdout, stderr, src, out)
	return nil
}

// prepared blocks until the process has become its program, which is soon. If it
// cannot, prepared waits for its end and says why.
func (p *Process) prepared() error {
	err := p.verdict.Wait()
	if err != nil {
		p.Wait()
	}
	return shortage.Explain(err)
}

// PID returns the process id, which is also the id of its process group. It
// stays the same after the process has exited.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Socket returns the path at which the worker can be reached.
func (p *Process) Socket() string { return p.socket }

// Cgroup returns the cgroup of the process, or nil.
func (p *Process) Cgroup() *cgroup.Group { return p.spec.Cgroup }

// Uvicorn returns the version of Uvicorn that the process runs.
func (p *Process) Uvicorn() Version { return p.spec.Facts.Uvicorn }

// Exited returns a channel that is closed as soon as the process has exited,
// even if its last output has not been read yet.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Wait blocks until the process has exited and its output has been read, and
// returns how it exited. It may be called any number of times.
func (p *Process) Wait() Exit {
	<-p.done
	return p.exit
}

// Stop asks the process to exit with SIGTERM, and kills its whole process group
// once grace has passed or hurry is closed. A nil hurry is never closed. Stop
// blocks until the process has exited.
func (p *Process) Stop(grace time.Duration, hurry <-chan struct{}) Exit {
	p.asked.Store(true)
	p.terminate()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.exited:
		return p.Wait()
	case <-timer.C:
	case <-hurry:
	}
	p.forced.Store(true)
	p.signalGroup(syscall.SIGKILL)
	return p.Wait()
}

// terminate asks only the worker to exit: stopping the processes that the app
// started is up to the app. It does not ask a wrapper that started Uvicorn as a
// child: the wrapper would exit at once, and Uvicorn could not finish its work.
func (p *Process) terminate() {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.reaped:
	case p.server != nil && p.server.terminate() == nil:
	default:
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails only if it has exited
	}
}

func (p *Process) signalGroup(sig syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		_ = unix.Kill(-p.PID(), sig)
	}
}

// collect reads the output until the process exits, reaps the process, and
// completes exit.
func (p *Process) collect(stdout, stderr *os.File, src Source, out Output) {
	defer close(p.done)
	var readers sync.WaitGroup
	readers.Go(func() { p.read(stdout, src, Stdout, out) })
	readers.Go(func() { p.read(stderr, src, Stderr, out) })

	p.awaitDeath()
	p.reap()
	close(p.exited)

	_ = stdout.SetReadDeadline(time.Unix(1, 0)) // see pipe
	_ = stderr.SetReadDeadline(time.Unix(1, 0))
	readers.Wait()
	p.exit.Stderr = p.tail.last()
	if out != nil {
		src.Ready = p.ready.Load()
		out.End(src)
	}
}

func (p *Process) read(from *os.File, src Source, stream Stream, out Output) {
	defer from.Close()
	readLines(&pipe{File: from}, func(line []byte, more bool) {
		if (stream == Stderr || src.Command != "") && !more {
			p.tail.add(line)
		}
		if !p.ready.Load() && !more && len(bytes.TrimSpace(line)) > 0 {
			said := visible.Cut(string(line), tailWidth)
			p.latest.Store(&said)
		}
		if out != nil {
			src.Ready = p.ready.Load()
			out.Line(src, stream, line)
		}
	})
}

// reap kills the rest of the process group while the dead leader still holds
// the id, so that no other process can have it, then frees the id.
func (p *Process) reap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = unix.Kill(-p.PID(), syscall.SIGKILL)
	p.release()
	err := p.cmd.Wait()
	p.reaped = true
	if p.server != nil {
		p.server.close()
		p.server = nil
	}

	p.exit = Exit{Code: -1, Ready: p.ready.Load(), Asked: p.asked.Load(), Forced: p.forced.Load()}
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return // not waitable, which does not happen to our own child
	}
	status := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	p.exit.Code = p.cmd.ProcessState.ExitCode()
	if status.Signaled() {
		p.exit.Signal, p.exit.CoreDump = status.Signal(), status.CoreDump()
		p.exit.NotOOM = p.ooms >= 0 && p.ooms == oomKills()
		if group := p.spec.Cgroup; group != nil && p.exit.Signal == syscall.SIGKILL && group.OOMKills() > 0 {
			p.exit.MemoryMax = p.spec.Group.MemoryMax
		}
	}
}

// WaitReady returns nil once the worker accepts connections: Uvicorn binds its
// socket only after the app's startup. Otherwise it returns the reason, and the
// process may still be running. If ctx ends first, the error is its cause. An
// error for which there is advice is an *Advised.
func (p *Process) WaitReady(ctx context.Context) error {
	server, err := awaitSocket(ctx, p.socket, p.spec.Link, p.exited)
	switch {
	case errors.Is(err, errExited):
		exit := p.Wait()
		err := errors.New(exit.String())
		if hint := p.spec.Hint(exit.Stderr); hint != "" {
			return &Advised{err, hint}
		}
		return err
	case err != nil:
		return err
	}
	p.serves(server)
	p.ready.Store(true)
	return nil
}

// serves records which process listens on the worker's socket. If it is not the
// process that was started, python= is a script that started Uvicorn as a
// child.
func (p *Process) serves(pid int) {
	if pid <= 0 || pid == p.PID() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped || p.server != nil {
		return
	}
	server, err := meet(pid)
	if err != nil {
		return
	}
	// Check after the meeting, so that the id cannot have been reused before.
	if group, err := unix.Getpgid(pid); err != nil || group != p.PID() {
		server.close()
		return
	}
	p.server = &server
}

// Stderr returns the last lines that the worker wrote to stderr, oldest first.
func (p *Process) Stderr() []string { return p.tail.last() }

// LastLine returns the last line that is not empty of those that the worker wrote
// to stdout or stderr before it was ready, or "".
func (p *Process) LastLine() string {
	if said := p.latest.Load(); said != nil {
		return *said
	}
	return ""
}

// attach connects a command's stream to a pipe and returns the end to read
// from. The pipe belongs to the account, if there is one, so that its processes can
// open /dev/stdout and /dev/stderr.
func attach(to *io.Writer, account *prepare.Account) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("pipe for the worker's output: %w", err)
	}
	if account != nil {
		_ = w.Chown(account.UID, account.GID) // some systems have no owner of pipes
	}
	*to = w
	return r, nil
}

// closeOurs closes the ends of the pipes that now belong to the child.
func closeOurs(streams ...io.Writer) {
	for _, s := range streams {
		if f, ok := s.(*os.File); ok {
			f.Close()
		}
	}
}

func closeAll(files ...*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}
