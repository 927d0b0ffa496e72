package pool

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A reserve is what is kept for a pool in the ring that needs several limits.
// While one of them has no unit, other pools take the units of the rest. Once
// they have done so maxSkipped times, the free units are kept for the pool: one
// of each limit in the order of their names, up to the first limit that has
// none. So two pools never keep what the other needs.
//
// A kept unit lies idle, and the missing one can be in hand for any time. So the
// units are kept for a span only. Then others get them for nine times as long,
// and then they are kept for a span of twice the length, and so on until the
// pool has its ticket. Others lose a tenth of the time, and in the end a span is
// longer than requests are, unless those take longer than maxSpan.
//
// The first span is as long as it took others to pass the pool over maxSkipped
// times, which is a measure of how long requests take. So a unit lies idle for
// no longer than the pool has waited.
type reserve struct {
	skipped int           // how often others got a unit that the pool could have used with another one
	since   netloop.Time  // the first of these times
	span    time.Duration // the length of the latest span; 0 = there was none
	until   netloop.Time  // its end
}

const (
	maxSkipped = 9
	lentSpans  = 9                      // how long others get the units after a span, in spans
	minSpan    = 100 * time.Millisecond // too short to matter to those who wait
	maxSpan    = 10 * time.Minute       // others wait no longer at a time
)

// keeps reports whether units are kept at a moment. If it is time for another
// span, that begins.
func (r *reserve) keeps(now netloop.Time) bool {
	switch {
	case r.span == 0:
		r.span = max(now.Sub(r.since), minSpan)
	case now < r.until:
		return true
	case now < r.until.Add(lentSpans*r.span):
		return false
	default:
		r.span *= 2
	}
	r.span = min(r.span, maxSpan)
	r.until = now.Add(r.span)
	return true
}

// skip notes that another pool gets a unit that the one of a share could
// have used with another one.
func (ls *Limits) skip(s *share) {
	if s.reserve.skipped++; s.reserve.skipped == 1 {
		s.reserve.since = ls.now()
	}
}

// keep keeps units for a share that has no room, if it is time for that. It
// returns until when, or 0 if it keeps nothing. allocate calls it anew each time.
func (ls *Limits) keep(s *share) (until netloop.Time) {
	if s.reserve.skipped < maxSkipped || !s.limits[0].hasRoom() || !s.reserve.keeps(ls.now()) {
		return 0
	}
	for _, l := range s.limits {
		if !l.hasRoom() {
			break
		}
		l.kept++
	}
	return s.reserve.until
}

// A clock is what Limits tell the time by. A test has its own.
type clock struct {
	now   func() netloop.Time
	after func(d time.Duration, f func()) alarm // as time.AfterFunc
}

// An alarm is a *time.Timer.
type alarm interface {
	Reset(d time.Duration) bool
	Stop() bool
}

func (ls *Limits) now() netloop.Time {
	if ls.clock != nil {
		return ls.clock.now()
	}
	return netloop.Now()
}

// setAlarm has expire called at a moment. If that is 0, it is not called.
func (ls *Limits) setAlarm(due netloop.Time) {
	if due == ls.due {
		return
	}
	ls.due = due
	switch {
	case due == 0:
		ls.alarm.Stop()
	case ls.alarm != nil:
		ls.alarm.Reset(due.Sub(ls.now()))
	case ls.clock != nil:
		ls.alarm = ls.clock.after(due.Sub(ls.now()), ls.expire)
	default:
		ls.alarm = time.AfterFunc(due.Sub(ls.now()), ls.expire)
	}
}

// expire gives away what was kept for a span that has ended. It does no harm if
// it comes early or late.
func (ls *Limits) expire() {
	ls.mu.Lock()
	ls.due = 0
	ls.allocate()
	ls.mu.Unlock()
	ls.serve()
}
