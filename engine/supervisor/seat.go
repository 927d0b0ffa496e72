package supervisor

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// A seat is one index of a group: the worker that has it now, and how often
// it has crashed in a row.
type seat struct {
	current    *member     // nil: failed
	succession *succession // to the next worker, which the group has begun; nil = none
	crashes    int
	failed     bool
	target     target // of the next worker: the group's, or ahead of it that of a reload that replaces one after another

	restarts int    // ever
	lastExit string // why the worker before this one went; "" if there was none
	greedy   int    // workers in a row that took max_rss soon after their start
}

// idle reports whether nothing runs or starts in the seat: it has failed, or
// waits for its restart.
func (s *seat) idle() bool {
	return s.failed || s.current == nil || s.current.state == api.StateBackoff
}

// isReplaced reports whether the seat's worker serves while its successor starts.
func (s *seat) isReplaced() bool { return s.succession != nil && s.succession.phase == beside }

// crashed counts a crash of a worker that was ready for so long (0 if it
// never was).
func (s *seat) crashed(lived time.Duration, failure *StartError) {
	s.restarts++
	s.lastExit = visible.FirstLine(failure.Err.Error())
	if lived >= healthyLife {
		s.crashes = 0
	}
	s.crashes++
	s.current = nil
}

// inherit notes the failed starts of a succession whose worker takes the seat.
func (s *seat) inherit(sc *succession) {
	s.crashes = len(sc.failed)
	s.restarts += len(sc.failed)
	if n := len(sc.failed); n > 0 {
		s.lastExit = visible.FirstLine(sc.failed[n-1].Err.Error())
	}
}
