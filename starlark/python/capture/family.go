package capture

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/proc"
)

// A family has the processes that descend from this one.
type family struct{ before map[int]uint64 } // the start times of those that were there, by pid

// adopt makes this process the parent of its descendants whose own parent ends, where
// the system can do that, and returns the descendants that it has now.
func adopt() *family {
	becomeReaper()
	f := &family{before: make(map[int]uint64)}
	for _, p := range proc.Below(proc.All(), os.Getpid()) {
		f.before[p.PID] = p.Start
	}
	return f
}

const (
	endRounds = 50 // a process can fork while we look
	endPause  = 2 * time.Millisecond
)

// end kills the descendants that are new.
func (f *family) end() {
	for range endRounds {
		left := false
		for _, p := range proc.Below(proc.All(), os.Getpid()) {
			if f.before[p.PID] == p.Start {
				continue
			}
			left = true
			_ = p.Signal(unix.SIGKILL)
		}
		if !left {
			return
		}
		time.Sleep(endPause)
	}
}
