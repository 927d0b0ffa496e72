package supervisor

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// A seat is one index of a group: the worker that has it now, and how often its
// workers have crashed in a row.
type seat struct {
	current    *member     // nil if the seat has failed
	succession *succession // begun by the group, to the next worker; nil if none
	crashes    int
	failed     bool
	target     target // of the next worker: the group's, or that of a reload in progress that replaces workers in waves

	restarts int    // in total
	lastExit string // why the previous worker exited; "" if there was none
	greedy   int    // workers in a row that reached max_rss soon after their start
}

// idle reports whether nothing runs or starts in the seat: it has failed, or is
// waiting for a restart.
func (s *seat) idle() bool {
	return s.failed || s.current == nil || s.current.state == api.StateBackoff
}

// isReplaced reports whether the seat's worker serves while its successor
// starts.
func (s *seat) isReplaced() bool { return s.succession != nil && s.succession.phase == beside }

// crashed counts a crash of a worker that was ready for the duration lived, or
// 0 if it never was.
func (s *seat) crashed(lived time.Duration, failure *StartError) {
	s.restarts++
	s.lastExit = visible.FirstLine(failure.Err.Error())
	if lived >= healthyLife {
		s.crashes = 0
	}
	s.crashes++
	s.current = nil
}

// inherit takes over the failed starts of a succession whose worker takes the
// seat.
func (s *seat) inherit(sc *succession) {
	s.crashes = len(sc.failed)
	s.restarts += len(sc.failed)
	if n := len(sc.failed); n > 0 {
		s.lastExit = visible.FirstLine(sc.failed[n-1].Err.Error())
	}
}
