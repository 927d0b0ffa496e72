//go:build !linux || portable

package worker

import (
	"slices"
	"syscall"
)

// remaining has the workers of a launcher.
type remaining struct{ all []*Process }

// add adds a worker that was started, unless that has failed, and drops those that
// have exited.
func (r *remaining) add(p *Process, err error) {
	if err != nil {
		return
	}
	r.all = append(slices.DeleteFunc(r.all, (*Process).hasExited), p)
}

func (p *Process) hasExited() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// kill kills the workers that have not exited.
func (r *remaining) kill() {
	for _, p := range r.all {
		p.signalGroup(syscall.SIGKILL)
	}
}
