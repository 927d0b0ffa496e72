package supervisor

import "time"

// A seat is one index of a group: the worker that has it now, and how often
// it has crashed in a row.
type seat struct {
	current *member // nil: failed
	crashes int
	failed  bool
	ahead   *target // what the worker is of already, while a reload replaces one after another; nil = what the group is

	restarts int    // ever
	lastExit string // why the worker before this one went; "" if there was none
	greedy   int    // workers in a row that took max_rss soon after their start
}

// idle reports whether nothing runs or starts in the seat: it has failed, or
// waits for its restart.
func (s *seat) idle() bool { return s.failed || s.current == nil || s.current.state == StateBackoff }

// crashed counts a crash of a worker that was ready for so long (0 if it
// never was).
func (s *seat) crashed(lived time.Duration, failure *StartError) {
	s.restarts++
	s.lastExit = failure.Err.Error()
	if lived >= healthyLife {
		s.crashes = 0
	}
	s.crashes++
	s.current = nil
}

// inherit notes the failed starts of a candidate whose worker takes the seat.
func (s *seat) inherit(c *candidate) {
	s.crashes = len(c.failed)
	s.restarts += len(c.failed)
	if n := len(c.failed); n > 0 {
		s.lastExit = c.failed[n-1].Err.Error()
	}
}
