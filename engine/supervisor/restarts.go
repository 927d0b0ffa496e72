package supervisor

import "maps"

// A RestartReason says why a worker was started again without a reload, one
// word each, for metrics.
type RestartReason string

// The reasons.
const (
	RestartCrash       RestartReason = "crash"        // it ended by itself
	RestartStart       RestartReason = "start_failed" // it ended, or was stopped, before it was ready
	RestartUnhealthy   RestartReason = "unhealthy"    // it failed its health checks
	RestartMaxRequests RestartReason = "max_requests"
	RestartMaxRSS      RestartReason = "max_rss"
	RestartMaxLifetime RestartReason = "max_lifetime"
	RestartCommand     RestartReason = "command" // ldcorn restart
)

// RestartReasons are all of them. Only read.
var RestartReasons = []RestartReason{RestartCrash, RestartStart, RestartUnhealthy, RestartMaxRequests, RestartMaxRSS,
	RestartMaxLifetime, RestartCommand}

// message is how the log tells that a worker is lost for that reason.
func (r RestartReason) message() string {
	if r == RestartUnhealthy {
		return "worker unhealthy"
	}
	return "worker crashed"
}

// Restarts counts how often the worker of one index was started again, by
// reason, or given up because of it. Reloads do not count, nor do they begin
// the count anew. A nil one is of a worker that never was.
type Restarts map[RestartReason]int

// countLost counts the starts that a succession repeated before it had its
// seat. They are restarts of the seat only now: meanwhile the seat was another
// worker's, which was not touched.
func (g *group) countLost(sc *succession) {
	for why, n := range sc.lost {
		for range n {
			g.count(sc.index, why)
		}
	}
	sc.lost = nil
}

// count counts a restart of an index.
func (g *group) count(index int, why RestartReason) {
	for index >= len(g.restarts) {
		g.restarts = append(g.restarts, nil)
	}
	if g.restarts[index] == nil {
		g.restarts[index] = make(Restarts)
	}
	g.restarts[index][why]++
}

// restartsNow copies the counts of the group's seats.
func (g *group) restartsNow() []Restarts {
	out := make([]Restarts, len(g.seats))
	for i := range min(len(g.seats), len(g.restarts)) {
		out[i] = maps.Clone(g.restarts[i])
	}
	return out
}
