package router

import "time"

// A stopwatch counts the time that a call has worked for. On a machine that
// is busy with other things much more may pass, which is no fault of the call:
// so the time of the thread counts, once the clock alone is not enough to
// acquit it. The zero stopwatch is ready for use.
type stopwatch struct {
	begun  time.Time
	thread int           // at the last look
	at     time.Duration // of that thread, likewise
	worked time.Duration // between two looks on one thread
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
