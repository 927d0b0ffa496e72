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
func collectBonds(out chan<- prometheus.Metric, name string, g *stats.Group, totals *stats.Totals) {
	sticky := &g.Pool().Settings().Sticky
	if !sticky.Binds() {
		return
	}
	if sticky.Session.Name != "" {
		out <- gauge(sessionsDesc, float64(g.Pool().Bonds().Stats().Known), name)
		out <- counter(learnedDesc, totals.Learned, name)
		out <- counter(evictedDesc, totals.Forgotten, name)
	} else {
		out <- counter(issuedDesc, totals.CookiesIssued, name)
	}
	out <- counter(boundDesc, totals.BondsFollowed, name, "followed")
	out <- counter(boundDesc, totals.BondsStrayed, name, "strayed")
}
