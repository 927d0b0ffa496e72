package supervisor

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/event"
)

// replace starts another worker for the index of one that is ready and serves
// on until the other is ready, too. There is one replacement at a time in a
// group: g.replacing is nil. c, if not nil, is the place of the other one in a
// batch.
func (g *group) replace(old *member, why RestartReason, c *candidate) {
	m := g.respawn(old.index, 0, c)
	m.replaces, m.why = old, why
	g.replacing = m
}

// replaced puts a replacement that is ready into service, and its predecessor
// out of it, in one step.
func (g *group) replaced(m *member) {
	old := m.replaces
	g.count(m.index, m.why)
	m.keepUntil = time.Now().Add(restartDelay(g.retryBase(), g.seats[m.index].greedy+1))
	g.place(m)
	g.pool.Swap(readyOf([]*member{m}), readyOf([]*member{old}))
	m.enter()
	g.release(old, false)
	g.endReplacement()
}

// notReplaced is told when a replacement ended before it was ready. Its
// predecessor serves on, and is left alone for a while.
func (g *group) notReplaced(m *member, failure *StartError) {
	old := m.replaces
	switch {
	case m.candidate == nil:
	case m.ctx.Err() != nil || g.closing:
		m.candidate.batch.end()
	default:
		if next := g.retry(m, RestartStart, failure); next != nil {
			next.replaces, next.why = old, m.why
			g.replacing = next
			return
		}
	}
	if m.ctx.Err() == nil { // not given up by us
		old.retries++
		delay := g.jitter(restartDelay(g.retryBase(), old.retries+1))
		old.keepUntil = time.Now().Add(delay)
		g.emit(event.Kept, old, event.Event{Reason: failure.reason(RestartStart), Stderr: failure.Stderr, RestartIn: delay.Seconds()})
		g.log.Warn("replacement failed, the old worker stays", append([]any{"worker", m.index, "retry_in", delay}, failure.Attrs()...)...)
	}
	g.endReplacement()
}

// retryBase is the shortest wait between two replacements that do not help.
func (g *group) retryBase() time.Duration { return max(g.spec.RestartBackoffOnCrash, time.Second) }

// endReplacement lets the next one begin that was asked for meanwhile.
func (g *group) endReplacement() {
	g.replacing = nil
	for len(g.turns) > 0 && g.replacing == nil {
		turn := g.turns[0]
		g.turns = g.turns[1:]
		turn()
	}
}

// refill gives the seat of a worker that has ended to its replacement, if one
// is starting already, else to a restarted one.
func (g *group) refill(m *member, why RestartReason, lived time.Duration, failure *StartError) {
	next := g.replacing
	if next == nil || next.replaces != m {
		g.restart(why, m.index, lived, failure, m.candidate)
		return
	}
	g.count(m.index, why)
	g.seats[m.index].crashed(lived, failure)
	g.emitCrash(m.index, why, failure, 0)
	g.log.Warn(why.message(), "worker", m.index, "restart_in", 0, "err", failure.Err)
	g.place(next)
	g.endReplacement()
}

// dropReplacement gives a replacement up that an apply makes pointless.
func (g *group) dropReplacement() {
	if m := g.replacing; m != nil {
		g.release(m, true)
		g.endReplacement()
	}
}
