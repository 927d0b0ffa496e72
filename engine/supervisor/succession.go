package supervisor

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// A phase is how far a succession is.
type phase uint8

const (
	prepared phase = iota // a plan's: next gets the seat only when the plan says so
	beside                // old serves, until next is ready
	alone                 // the seat is next's already: nobody else is to serve it
	over                  // next serves, or was given up
)

// A succession is the change of one seat from a worker to the next, from when
// the next one is wanted until it serves or is given up. Whatever asks whether
// a worker is being replaced, by what and why, finds it here.
//
// Two drivers begin one. A group does, for a seat that it has: when the worker
// crashes, is worn out or unhealthy, and for Restart. A seat owns at most one of
// these, which is beside or alone. A plan does, all at once or some after others:
// these are prepared, and stand in the plan's batch. They are not the seat's
// until the plan takes it, and end what the seat has begun itself then. So an
// apply that fails leaves each seat as it was, and a worker that crashes while its
// successor is prepared is started again all the same.
//
// The group's goroutine owns it.
type succession struct {
	index  int
	phase  phase
	target target            // what next is
	why    api.RestartReason // counted when next takes the seat of old; "" if a plan has begun it
	old    *member           // beside: serves. Later: finishes what it has, until next is ready or has ended. nil = nobody
	next   *member           // the newest, if its start was repeated

	batch   *batch        // told how it goes, and decides whether a start is repeated; nil = nobody is
	until   time.Time     // startup_timeout after the first start; zero = there was none, or it has no limit
	failed  []*StartError // one for each start that has failed, while there was a batch
	trouble string        // why next is not ready yet; "" if nothing is known
	lost    api.Restarts  // starts that have failed and were repeated before next had the seat; nil = none
}

// isReady reports whether the next worker is ready, and has not ended since.
func (sc *succession) isReady() bool { return sc.next.state == api.StateReady && !hasEnded(sc.next) }

// last is the newest failure where the next worker is not ready any more.
func (sc *succession) last() *StartError {
	if n := len(sc.failed); n > 0 {
		return sc.failed[n-1]
	}
	return sc.next.died()
}

// begun notes that the process of the next worker is there, from when on it may
// take startup_timeout until it is ready.
func (sc *succession) begun() {
	if sc.batch != nil && sc.until.IsZero() && sc.target.startup > 0 {
		sc.until = time.Now().Add(sc.target.startup)
	}
}

// tell has whoever waits for the succession look at it.
func (sc *succession) tell() {
	if sc.batch != nil {
		sc.batch.tell()
	}
}

// end says that nobody waits for the succession any more.
func (sc *succession) end() {
	if sc.batch != nil {
		sc.batch.end()
	}
}

// lose notes that old gets no more requests: the seat is next's from now on.
func (sc *succession) lose() { sc.phase, sc.old = alone, nil }

// giveUp tells whoever waits that the seat is given up.
func (sc *succession) giveUp(failure *StartError) {
	if sc.batch != nil {
		sc.batch.err = failure
		sc.batch.tell()
	}
}

// conclude notes that next serves, or was given up. A worker that serves beside
// it goes on; one that only finishes what it has is still to be relieved.
func (sc *succession) conclude() {
	if sc.phase == beside {
		sc.old = nil
	}
	sc.phase = over
}

// relieved returns the worker that had to go on for as long as next was not
// ready, once: nil if there is none, or it serves.
func (sc *succession) relieved() *member {
	if sc.phase == beside {
		return nil
	}
	old := sc.old
	sc.old = nil
	return old
}

// again notes that a start has failed. It returns whether, and after which
// delay, it is to be repeated; left is what the repeated one has of
// startup_timeout, 0 for all of it. Otherwise the batch is given up. There must
// be a batch.
func (sc *succession) again(failure *StartError, jitter func(time.Duration) time.Duration) (delay, left time.Duration, ok bool) {
	b := sc.batch
	sc.failed = append(sc.failed, failure)
	defer b.tell()
	switch tries, spec := len(sc.failed), sc.target.spec; {
	case b.over || b.err != nil:
	case !b.company && b.allFailed():
		b.err = b.failure(failure)
	case tries > spec.MaxRestartsOnCrash && tries > 1:
		b.err = failure.because("try %d of %d (max_restarts_on_crash)", tries, tries)
	case tries > spec.MaxRestartsOnCrash:
		b.err = failure
	default:
		delay = jitter(restartDelay(spec.RestartBackoffOnCrash, tries))
		sc.begun() // or there would be no end of it
		if sc.until.IsZero() {
			return delay, 0, true
		}
		if left = time.Until(sc.until) - delay; left > 0 {
			return delay, left, true
		}
		if b.err = failure; tries > 1 {
			b.err = failure.because("try %d, no time is left for another (startup_timeout)", tries)
		}
	}
	return 0, 0, false
}
