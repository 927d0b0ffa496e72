package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ldcorn/ldcorn/engine/stats"
)

var (
	sessionsDesc = desc("sessions_known", "Sessions whose worker by_session knows.", "group")
	learnedDesc  = desc("sessions_learned_total", "Sessions that became known to by_session.", "group")
	evictedDesc  = desc("sessions_evicted_total", "Sessions that by_session forgot because there were too many.", "group")
	issuedDesc   = desc("sticky_cookies_issued_total", "Cookies that by_issued gave to clients.", "group")
	boundDesc    = desc("sticky_requests_total", "Requests with a good cookie of by_issued or an id of by_session: followed if they were for its worker, strayed if it led to no worker.",
		"group", "result")
)

// bondDescs describe the metrics of collectBonds.
var bondDescs = []*prometheus.Desc{sessionsDesc, learnedDesc, evictedDesc, issuedDesc, boundDesc}

// collectBonds sends what binds the clients of a group to its workers.
func collectBonds(out chan<- prometheus.Metric, name string, g *stats.Group) {
	sticky := &g.Pool.Settings().Sticky
	if !sticky.Binds() {
		return
	}
	bonds := g.Pool.Bonds()
	if sticky.Session.Name != "" {
		now := bonds.Stats()
		out <- gauge(sessionsDesc, float64(now.Known), name)
		out <- counter(learnedDesc, now.Learned, name)
		out <- counter(evictedDesc, now.Evicted, name)
	} else {
		out <- counter(issuedDesc, bonds.Issued.Load(), name)
	}
	out <- counter(boundDesc, bonds.Followed.Load(), name, "followed")
	out <- counter(boundDesc, bonds.Strayed.Load(), name, "strayed")
}
