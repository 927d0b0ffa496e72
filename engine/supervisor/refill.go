package supervisor

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// refill gives the seat of a worker that has ended to its replacement, if one
// is already starting, or else to a restarted worker.
func (g *group) refill(m *member, why api.RestartReason, lived time.Duration, failure *StartError) {
	s := g.seats[m.index]
	if !s.isReplaced() {
		g.restart(why, m.index, lived, failure, m.succession)
		return
	}
	g.count(m.index, why)
	s.crashed(lived, failure)
	g.emitCrash(m.index, why, failure, 0)
	g.log.Warn(lossMessage(why), append([]any{"worker", m.index, "restart_in", 0}, failure.attrs()...)...)
	g.countLost(s.succession)
	s.succession.lose()
	g.place(s.succession.next)
	g.nextTurn()
}

// restart starts another worker in a seat that has lost its own, or gives the
// seat up. sc is the succession that the lost worker was the next worker of, or
// nil if that worker had served. The succession continues with the new worker,
// and its batch, if any, is notified unless nobody waits for it any more.
func (g *group) restart(why api.RestartReason, index int, lived time.Duration, failure *StartError, sc *succession) {
	s := g.seats[index]
	if sc == nil {
		sc = &succession{index: index, why: why}
	} else if sc.batch != nil {
		if _, _, ok := sc.again(failure, g.jitter); !ok {
			sc.batch = nil
		}
	}
	g.count(index, why)
	s.crashed(lived, failure)
	if s.crashes > g.spec.MaxRestartsOnCrash {
		s.failed = true
		g.emitSeat(api.EventFailed, index, api.Event{Reason: failure.reason(why)}, failure.Stderr...)
		told := *failure
		if told.Hint != "" {
			told.Hint += "; then "
		}
		told.Hint += "ldcorn restart " + g.name + " or a reload tries again"
		g.log.Error("worker failed", append([]any{"worker", index, "state", api.StateFailed, "crashes", s.crashes}, told.Attrs()...)...)
		sc.giveUp(failure)
		g.conclude(sc)
		g.checkDown()
		return
	}
	delay := g.jitter(restartDelay(g.spec.RestartBackoffOnCrash, s.crashes))
	g.emitCrash(index, why, failure, delay)
	g.log.Warn(lossMessage(why), append([]any{"worker", index, "crashes", s.crashes, "restart_in", delay.Round(time.Millisecond)}, failure.attrs()...)...)
	g.fill(sc, delay)
}

// fill starts the next worker of a vacant seat. The seat belongs to that worker
// from now on.
func (g *group) fill(sc *succession, delay time.Duration) {
	s := g.seats[sc.index]
	sc.phase, sc.target, s.succession = alone, s.target, sc
	g.place(g.spawn(sc, delay, 0))
}

// place makes m its seat's worker. Requests wait for it from now on.
func (g *group) place(m *member) {
	m.current = true
	g.seats[m.index].current, g.seats[m.index].failed = m, false
	g.down.Store(false)
	g.pool.SetFailed(false)
}

func (g *group) checkDown() {
	for _, s := range g.seats {
		if !s.failed {
			return
		}
	}
	g.down.Store(true)
	g.pool.SetFailed(true)
	g.alarm()
}
