package supervisor

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// A phase is the stage that a succession has reached.
type phase uint8

const (
	prepared phase = iota // begun by a plan: next gets the seat when the plan says so
	beside                // old serves until next is ready
	alone                 // next already has the seat, and no other worker serves it
	over                  // next serves or was given up
)

// A succession is the change of one seat from a worker to the next, from when
// the next one is wanted until it serves or is given up. It is the only record
// of whether a worker is being replaced, by which worker, and why.
//
// A group or a plan begins a succession. A group does so for a seat that it
// has: when the worker crashes, is worn out or unhealthy, and for Restart. A
// seat owns at most one succession, which is beside or alone. A plan begins its
// successions all at once or in waves; these are prepared and belong to the
// plan's batch. The seat does not own them until the plan takes it, which ends
// any succession that the seat had begun itself. So an apply that fails leaves
// each seat as it was, and a worker that crashes while its successor is
// prepared is restarted all the same.
//
// The group's goroutine owns it.
type succession struct {
	index  int
	phase  phase
	target target            // of next
	why    api.RestartReason // counted when next takes the seat of old; "" if a plan began the succession
	old    *member           // serves while beside; later finishes its requests until next is ready or has ended; nil if none
	next   *member           // the latest, if the start was repeated

	batch   *batch        // is notified of progress and decides whether to repeat a start; nil if nobody waits
	until   time.Time     // startup_timeout after the first start; zero before it, or if there is no limit
	failed  []*StartError // one for each start that failed while there was a batch
	trouble string        // why next is not ready yet; "" if unknown
	ended   bool          // trouble is about a worker that has ended, and is started again
	lost    api.Restarts  // starts that failed and were repeated before next had the seat; nil if none
}

// isReady reports whether the next worker is ready and has not exited since.
func (sc *succession) isReady() bool { return sc.next.state == api.StateReady && !hasEnded(sc.next) }

// last returns the latest failure of a next worker that is no longer ready.
func (sc *succession) last() *StartError {
	if n := len(sc.failed); n > 0 {
		return sc.failed[n-1]
	}
	return sc.next.died()
}

// begun records that the process of the next worker exists, which starts the
// clock of startup_timeout.
func (sc *succession) begun() {
	if sc.batch != nil && sc.until.IsZero() && sc.target.startup > 0 {
		sc.until = time.Now().Add(sc.target.startup)
	}
}

// tell wakes the goroutine that waits for the succession, if any.
func (sc *succession) tell() {
	if sc.batch != nil {
		sc.batch.tell()
	}
}

// end marks the succession as no longer awaited.
func (sc *succession) end() {
	if sc.batch != nil {
		sc.batch.end()
	}
}

// lose records that old gets no more requests and the seat belongs to next.
func (sc *succession) lose() { sc.phase, sc.old = alone, nil }

// giveUp notifies the batch, if any, that the seat was given up.
func (sc *succession) giveUp(failure *StartError) {
	if sc.batch != nil {
		sc.batch.err = failure
		sc.batch.tell()
	}
}

// conclude records that next serves or was given up. An old worker that serves
// beside it keeps serving; one that is only finishing its requests remains to
// be relieved.
func (sc *succession) conclude() {
	if sc.phase == beside {
		sc.old = nil
	}
	sc.phase = over
}

// relieved returns the worker that was kept only until next was ready, and
// forgets it. It returns nil if there is none, or if the old worker still
// serves.
func (sc *succession) relieved() *member {
	if sc.phase == beside {
		return nil
	}
	old := sc.old
	sc.old = nil
	return old
}

// again records a failed start. It returns whether to repeat the start and
// after which delay; left is what the repeated start has of startup_timeout, 0
// for all of it. If the start is not repeated, the batch has failed. There must
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
		sc.begun() // otherwise the retries might never end
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
