package router

import "time"

// A stopwatch measures the time that a call has worked. On a busy machine, more
// time can pass on the clock without any fault of the call. So once the clock
// exceeds the limit, the processor time of the thread decides. The zero value
// is ready for use.
type stopwatch struct {
	begun  time.Time
	thread int           // at the last check
	at     time.Duration // time of that thread at the last check
	worked time.Duration // work between two checks on the same thread
}

// over reports whether the call has worked for longer than twice half.
func (s *stopwatch) over(half time.Duration) bool {
	if s.begun.IsZero() {
		s.begun = time.Now()
		return false
	}
	passed := time.Since(s.begun)
	if passed <= half {
		return false
	}
	thread, at, ok := threadTime()
	if !ok {
		return passed > 2*half
	}
	if thread == s.thread {
		s.worked += at - s.at
	}
	s.thread, s.at = thread, at
	return s.worked > half
}
