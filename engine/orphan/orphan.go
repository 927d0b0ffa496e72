// Package orphan ends the processes that workers leave behind: children whose
// parents have exited, even in sessions of their own. Linux makes them children of
// the master, which reaps those that exit and, when it stops, ends the others.
// Elsewhere, the master finds them by the environment that they have from their
// worker.
package orphan

import (
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
