// Package orphan ends the processes that workers leave behind: children whose
// parents have exited, even in sessions of their own. The kernel makes them
// children of the master, which reaps those that exit and, when it stops, ends
// the others.
package orphan

import (
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// The timing of End.
const (
	grace     = 5 * time.Second // from TERM to KILL
	killLimit = 5 * time.Second // until killed processes are gone
	lookEvery = 20 * time.Millisecond
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

// End ends what workers have left behind: with TERM at first, and with KILL
// after a while or once hurry is closed. It returns when nothing is left, or
// gives up some time after that. All workers must have exited.
func (f *Family) End(hurry <-chan struct{}) {
	told := make(map[int]uint64) // start times, by pid, of processes that got the current signal
	again := time.NewTicker(lookEvery)
	defer again.Stop()
	late := time.After(grace)
	var over <-chan time.Time // nil until they are killed
	for kill := false; ; {
		left := f.left()
		if len(left) == 0 {
			return
		}
		for i := range left {
			if p := &left[i]; told[p.PID] != p.Start {
				f.signal(p, kill)
				told[p.PID] = p.Start
			}
		}
		select {
		case <-again.C:
			continue
		case <-over:
			f.log.Error("processes left behind do not exit", "pid", left[0].PID, "processes", len(left))
			return
		case <-late:
		case <-hurry:
		}
		hurry, late = nil, nil
		if !kill {
			kill, over = true, time.After(killLimit)
			clear(told)
		}
	}
}

// signal tells a process to exit, and logs that.
func (f *Family) signal(p *proc.Process, kill bool) {
	sig, what := unix.SIGTERM, "process left behind told to stop"
	if kill {
		sig, what = unix.SIGKILL, "process left behind killed"
	}
	group, _ := p.Env(worker.EnvGroup)
	index, _ := p.Env(worker.EnvWorker)
	if p.Signal(sig) == nil {
		f.log.Warn(what, "group", group, "worker", index, "pid", p.PID)
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
