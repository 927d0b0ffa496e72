package supervisor

import (
	"context"
	"errors"
	"time"
)

// Restart replaces the workers of a group one after another, each only once
// its replacement is ready, and starts those that have failed anew. It returns
// when all are ready, or with a StartError as soon as one is not: then the old
// worker of that index and those after it serve on. What a reload replaces
// meanwhile counts as restarted. Safe from any goroutine.
func (s *Supervisor) Restart(ctx context.Context, name string) error {
	g, err := s.group(name)
	if err != nil {
		return err
	}
	g.starter.Forget() // Uvicorn may be another by now
	asked := time.Now()
	for index := 0; ; index++ {
		reply, there := make(chan report, 1), false
		g.do(func() {
			if there = index < len(g.slots); there {
				g.renew(index, asked, reply)
			}
		})
		switch {
		case g.hasEnded():
			return ErrStopped
		case !there:
			return nil
		}
		select {
		case r := <-reply:
			if r.err != nil && !errors.Is(r.err, errRetired) {
				return r.err
			}
		case <-g.done:
			return ErrStopped
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// renew replaces the worker of an index if it is older than asked, and tells
// reply how that went: at once if there is nothing to do.
func (g *group) renew(index int, asked time.Time, reply chan<- report) {
	if g.replacing != nil {
		g.turns = append(g.turns, func() { g.renew(index, asked, reply) })
		return
	}
	if g.closing || index >= len(g.slots) {
		reply <- report{}
		return
	}
	s := g.slots[index]
	m := s.current
	switch {
	case m != nil && m.state != StateBackoff && !m.born.Before(asked):
		reply <- report{}
	case m != nil && m.state == StateReady:
		s.lastExit = "restarted"
		g.replace(m, RestartCommand, reply)
	default: // nobody serves that one would have to wait for
		if m != nil {
			g.release(m, true)
		}
		s.crashes = 0
		g.count(index, RestartCommand)
		g.place(g.respawn(index, 0, reply))
	}
}
