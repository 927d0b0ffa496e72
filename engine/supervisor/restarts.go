package supervisor

import (
	"maps"

	"github.com/ldcorn/ldcorn/engine/api"
)

// lossMessage returns the log message for the loss of a worker.
func lossMessage(why api.RestartReason) string {
	if why == api.RestartUnhealthy {
		return "worker unhealthy"
	}
	return "worker crashed"
}

// countLost counts the starts that a succession repeated before it had its
// seat. They count as restarts of the seat only now, because until now the seat
// belonged to another worker, which was not affected.
func (g *group) countLost(sc *succession) {
	for why, n := range sc.lost {
		for range n {
			g.count(sc.index, why)
		}
	}
	sc.lost = nil
}

// count counts a restart of an index.
func (g *group) count(index int, why api.RestartReason) {
	for index >= len(g.restarts) {
		g.restarts = append(g.restarts, nil)
	}
	if g.restarts[index] == nil {
		g.restarts[index] = make(api.Restarts)
	}
	g.restarts[index][why]++
}

// restartsNow returns a copy of the counts of the group's seats.
func (g *group) restartsNow() []api.Restarts {
	out := make([]api.Restarts, len(g.seats))
	for i := range min(len(g.seats), len(g.restarts)) {
		out[i] = maps.Clone(g.restarts[i])
	}
	return out
}

// mostGone is how many removed groups keep their counts of restarts.
const mostGone = 256

// keepRestarts keeps the counts of a group that is being removed, for the case that it
// comes back. The group's goroutine runs it while that of Run waits.
func (s *Supervisor) keepRestarts(g *group) {
	for name := range s.restarts {
		if len(s.restarts) < mostGone {
			break
		}
		delete(s.restarts, name)
	}
	s.restarts[g.name] = cloneRestarts(g.restarts)
}

// cloneRestarts returns a copy of counts by index.
func cloneRestarts(of []api.Restarts) []api.Restarts {
	out := make([]api.Restarts, len(of))
	for i := range of {
		out[i] = maps.Clone(of[i])
	}
	return out
}
