package supervisor

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// replace starts another worker for the seat of a ready worker, which keeps
// serving until the new one is ready. A group has only one replacement at a
// time, so g.replacing must return nil. b, if not nil, is notified of the
// progress.
func (g *group) replace(old *member, why api.RestartReason, b *batch) {
	s := g.seats[old.index]
	sc := &succession{index: old.index, phase: beside, target: s.target, why: why, old: old, batch: b}
	s.succession = sc
	b.add(sc)
	g.spawn(sc, 0, 0)
}

// replacing returns the succession of the group in which an old worker serves
// beside the next, or nil if there is none.
func (g *group) replacing() *succession {
	for _, s := range g.seats {
		if s.isReplaced() {
			return s.succession
		}
	}
	return nil
}

// replaced puts a ready replacement into service and takes its predecessor out
// of service, in one step.
func (g *group) replaced(sc *succession) {
	m, old := sc.next, sc.old
	g.count(sc.index, sc.why)
	g.countLost(sc)
	m.keepUntil = time.Now().Add(restartDelay(g.retryBase(), g.seats[sc.index].greedy+1))
	g.place(m)
	g.pool.Swap(readyOf([]*member{m}), readyOf([]*member{old}))
	m.enter()
	g.release(old, false)
	g.endReplacement(sc)
}

// notReplaced is called when a replacement ended before it was ready. The
// predecessor keeps serving and is not replaced again for a while.
func (g *group) notReplaced(sc *succession, failure *StartError) {
	m, old := sc.next, sc.old
	switch {
	case sc.batch == nil:
	case m.ctx.Err() != nil || g.closing:
		sc.end()
	default:
		if g.retry(sc, api.RestartStart, failure) {
			return
		}
	}
	if m.ctx.Err() == nil { // we did not give it up ourselves
		old.retries++
		delay := g.jitter(restartDelay(g.retryBase(), old.retries+1))
		old.keepUntil = time.Now().Add(delay)
		g.emit(api.EventKept, old, api.Event{Reason: failure.reason(api.RestartStart), RestartIn: delay.Seconds()}, failure.Stderr...)
		g.log.Warn("replacement failed, the old worker stays", append([]any{"worker", m.index, "retry_in", delay}, failure.Attrs()...)...)
	}
	g.endReplacement(sc)
}

// retryBase is the shortest wait between two unsuccessful replacements.
func (g *group) retryBase() time.Duration { return max(g.spec.RestartBackoffOnCrash, time.Second) }

// endReplacement ends a replacement and begins the next one that is waiting.
func (g *group) endReplacement(sc *succession) {
	g.conclude(sc)
	g.nextTurn()
}

// nextTurn begins what is waiting for the end of a replacement, as long as no
// replacement is in progress.
func (g *group) nextTurn() {
	for len(g.waiting) > 0 && g.replacing() == nil {
		next := g.waiting[0]
		g.waiting = g.waiting[1:]
		g.renew(next)
	}
}

// dropReplacement gives up a replacement that an apply has made pointless.
func (g *group) dropReplacement(sc *succession) {
	g.release(sc.next, true)
	g.endReplacement(sc)
}
