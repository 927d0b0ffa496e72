package supervisor

import "time"

// A slot is one index of a group: the worker that has it now, and how often
// it has crashed in a row.
type slot struct {
	current *member // nil: failed
	crashes int
	failed  bool
	ahead   *target // what the worker is of already, while a reload replaces one after another; nil = what the group is

	restarts int    // ever
	lastExit string // why the worker before this one went; "" if there was none
	greedy   int    // workers in a row that took max_rss soon after their start
}

// idle reports whether nothing runs or starts in the slot: it has failed, or
// waits for its restart.
func (s *slot) idle() bool { return s.failed || s.current == nil || s.current.state == StateBackoff }

// crashed counts a crash of a worker that was ready for so long (0 if it
// never was).
func (s *slot) crashed(lived time.Duration, failure *StartError) {
	s.restarts++
	s.lastExit = failure.Err.Error()
	if lived >= healthyLife {
		s.crashes = 0
	}
	s.crashes++
	s.current = nil
}

// inherit notes the failed starts of a berth whose worker takes the slot.
func (s *slot) inherit(b *berth) {
	s.crashes = len(b.failed)
	s.restarts += len(b.failed)
	if n := len(b.failed); n > 0 {
		s.lastExit = b.failed[n-1].Err.Error()
	}
}
