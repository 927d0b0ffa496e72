//go:build !portable

package orphan

import (
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// A Family is the set of all descendants of this process.
type Family struct {
	log    *slog.Logger
	pid    int
	before map[int]uint64 // start times, by pid, of descendants that existed before Adopt
}

// Adopt makes this process the new parent of orphans in its family, as a
// subreaper (PR_SET_CHILD_SUBREAPER, prctl(2)) or, without further ado, as
// process 1 of a container. Existing descendants, for example those of a shell
// that then became this process, do not come from a worker and are left alone.
func Adopt(log *slog.Logger) *Family {
	f := &Family{log: log, pid: os.Getpid(), before: make(map[int]uint64)}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		log.Warn("cannot stop processes that workers leave behind", "err", fmt.Errorf("prctl: %w", err))
	}
	// Signals are not caught yet, so this must not take long: usually there are
	// no children at all.
	var info unix.Siginfo
	if unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil) == unix.ECHILD {
		return f
	}
	for _, p := range proc.Below(proc.All(), f.pid) {
		f.before[p.PID] = p.Start
	}
	return f
}

// While calls run on another goroutine and reaps orphans until it returns. The
// caller must be locked to the main thread, and nothing may start a process on
// that thread. A main function meets this if its package calls
// runtime.LockOSThread while it is initialized.
//
// This ensures that reaping never takes the exit of a process that we started
// away from the code that waits for it. A child belongs to the thread that
// started it, as long as that thread lives; the kernel gives orphans to the
// first thread of their new parent; and __WNOTHREAD, see wait(2), waits only
// for children of the calling thread. (Our threads live as long as we do,
// except for that of worker.Launcher, which outlives its workers.) On any
// thread other than the main one, orphans would stay zombies, but nothing worse
// would happen.
func (f *Family) While(run func() error) error {
	ended := make(chan os.Signal, 1) // one is enough: reap reaps all
	signal.Notify(ended, syscall.SIGCHLD)
	defer signal.Stop(ended)
	done := make(chan error, 1)
	go func() { done <- run() }() // waited for below
	for {
		reap()
		select {
		case <-ended:
		case err := <-done:
			reap()
			return err
		}
	}
}

// reap reaps all orphans that have exited.
func reap() {
	for {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG|unix.WNOTHREAD, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
	}
}

// left returns the processes to end: all our descendants, except for those that
// existed before Adopt and their descendants. An orphan of the latter kind
// looks the same as one that has dropped the environment of its worker. So if
// there were any descendants before Adopt, left requires the environment of a
// worker.
func (f *Family) left() []proc.Process {
	all := proc.All()
	ours := make([]proc.Process, 0)
	for _, p := range proc.Below(all, f.pid) {
		if f.spared(all, &p) {
			continue
		}
		ours = append(ours, p)
	}
	return ours
}

func (f *Family) spared(all []proc.Process, p *proc.Process) bool {
	if len(f.before) == 0 {
		return false
	}
	for pid := range proc.Above(all, p.PID) {
		if start, ok := f.before[pid]; ok && proc.Lives(pid, start) {
			return true
		}
	}
	_, marked := p.Env(worker.EnvMaster)
	return !marked
}
