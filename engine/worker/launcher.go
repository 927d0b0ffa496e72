package worker

import (
	"context"
	"errors"
	"runtime"
)

// ErrLauncherStopped is the error of Start once Run has returned.
var ErrLauncherStopped = errors.New("the launcher has stopped")

// A Launcher starts workers, which end with it. Linux sends a child's parent-death
// signal when the thread that forked it exits, not when the process does, so one
// goroutine does all the forking. It is locked to its thread for as long as there are
// workers.
type Launcher struct {
	starts chan start
	ended  chan struct{}
}

type start struct {
	spec  Spec
	reply chan<- started
}

type started struct {
	proc *Process
	err  error
}

// NewLauncher returns a launcher that does nothing until Run is called.
func NewLauncher() *Launcher {
	return &Launcher{starts: make(chan start), ended: make(chan struct{})}
}

// Run serves Start until ctx is canceled. It owns a thread, which ends with it:
// when Run returns, every remaining worker is killed, on Linux by the kernel. It may
// be called only once.
func (l *Launcher) Run(ctx context.Context) error {
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	defer close(l.ended)
	var all remaining
	defer all.kill()
	for {
		select {
		case s := <-l.starts:
			proc, err := startProcess(s.spec)
			all.add(proc, err)
			s.reply <- started{proc, err}
		case <-ctx.Done():
			return nil
		}
	}
}

// Start starts a worker and returns immediately; the worker is not ready yet.
// The caller must call Wait on it. Start is safe to call from any goroutine.
func (l *Launcher) Start(ctx context.Context, spec Spec) (*Process, error) {
	reply := make(chan started, 1)
	select {
	case l.starts <- start{spec, reply}:
		s := <-reply
		if s.err == nil {
			s.err = s.proc.prepared() // here, so that others can start meanwhile
		}
		return s.proc, s.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-l.ended:
		return nil, ErrLauncherStopped
	}
}
