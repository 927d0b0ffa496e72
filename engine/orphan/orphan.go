// Package orphan sees to the processes that workers leave behind: children
// whose parents have ended, in sessions of their own, too. The kernel gives
// them to the master, which reaps those that end and, when it stops, ends the
// others.
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

// How End goes about it.
const (
	grace     = 5 * time.Second // from TERM to KILL
	killLimit = 5 * time.Second // for killed processes to be gone
	lookEvery = 20 * time.Millisecond
)

// A Family is all processes that descend from this one.
type Family struct {
	log    *slog.Logger
	pid    int
	before map[int]uint64 // start times of those that were there first, by pid
}

// Adopt makes this process the one that orphans of its family are given to, as
// a subreaper (PR_SET_CHILD_SUBREAPER, prctl(2)) or as process 1 of a
// container, which it is anyway. What descends from it already, such as what a
// shell has started before it became us, is no worker's and left alone.
func Adopt(log *slog.Logger) *Family {
	f := &Family{log: log, pid: os.Getpid(), before: make(map[int]uint64)}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		log.Warn("processes that workers leave behind cannot be ended", "err", fmt.Errorf("prctl: %w", err))
	}
	// The signals are not caught yet, so this must not take long: mostly there is
	// no child at all.
	var info unix.Siginfo
	if unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil) == unix.ECHILD {
		return f
	}
	for _, p := range proc.Below(proc.All(), f.pid) {
		f.before[p.PID] = p.Start
	}
	return f
}

// While runs f on another goroutine and reaps orphans until it returns. The
// caller must be locked to the main thread, on which nothing may start a
// process, as in a main function whose package calls runtime.LockOSThread when
// it is initialized.
//
// That is how the exit of a process that we have started is never taken from
// who waits for it: a child belongs to the thread that started it while that
// lives, the kernel gives orphans to the first thread of their new parent, and
// __WNOTHREAD, see wait(2), is for children of the calling thread alone. (Our
// threads live as long as we do, but for that of worker.Launcher, which outlives
// its workers.) On another thread than the main one, orphans stay zombies, and
// nothing worse happens.
func (f *Family) While(run func() error) error {
	ended := make(chan os.Signal, 1) // one is enough: reap takes all
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

// reap takes the exits of all orphans that have ended.
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

// End ends what workers have left: with TERM, and with KILL after a while, or
// once hurry is closed. It returns when nothing is left, or after some more
// time. Workers must have ended before.
func (f *Family) End(hurry <-chan struct{}) {
	told := make(map[int]uint64) // start times of those that got the signal at hand, by pid
	again := time.NewTicker(lookEvery)
	defer again.Stop()
	late := time.After(grace)
	var over <-chan time.Time // never, until they are killed
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
			f.log.Error("processes left behind do not end", "pid", left[0].PID, "processes", len(left))
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

// signal tells a process to end, and the log that.
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

// left is what is to be ended: all that descends from us, but for what was
// there first and has come of that. An orphan of that kind cannot be told from
// one that has dropped the environment of its worker; where there may be some,
// that environment is asked for.
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
