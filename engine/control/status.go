package control

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/judge"
	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/stats"
)

func countsOf(c *stats.Counts) api.Counts {
	out := api.Counts{Requests: c.Requests(), Statuses: map[api.StatusClass]uint64{}, Faults: map[string]uint64{},
		Repeats: c.Repeats, Took: c.Took.Sum.Seconds(), Queued: c.Queued.Sum.Seconds()}
	for i, n := range c.Classes {
		if n > 0 {
			out.Statuses[api.StatusClass(stats.Classes[i])] = n
		}
	}
	for _, kind := range result.Kinds {
		if n := c.Faults.Of(kind); n > 0 {
			out.Faults[string(kind)] = n
		}
	}
	return out
}

func groupCounts(counted *stats.Requests) map[string]api.GroupCounts {
	out := make(map[string]api.GroupCounts)
	for name, g := range counted.Groups() {
		all, seats := g.Counts(), g.Seats()
		one := api.GroupCounts{Counts: countsOf(&all), Seats: make([]api.Counts, len(seats))}
		for i := range seats {
			one.Seats[i] = countsOf(&seats[i])
		}
		out[name] = one
	}
	return out
}

// pastIncidents returns how many incidents have ended within api.RecentIncidents.
func pastIncidents(of Happened) int {
	return of.Since(api.EventIncidentOver, time.Now().Add(-api.RecentIncidents))
}

// status returns the status at this moment.
func (s *Server) status() api.Status {
	last, now := s.opts.Reload()
	st := api.Status{FormatVersion: api.StatusVersion, Version: s.opts.Version, Now: time.Now(), LastReload: last, Running: now, Stopping: s.opts.Stopping(), Installed: s.opts.Installed(), LogLevel: s.opts.TemporaryLevel(), AccessLog: s.opts.AccessLog.Temporary(),
		MasterStatus: s.opts.Master.Status(), Listeners: s.opts.Listeners(), Admin: s.opts.Admin(), PastIncidents: pastIncidents(s.opts.Events), Certificates: s.opts.Certificates(), Counts: groupCounts(s.opts.Counted), RateLimits: s.opts.RateLimits(), Buffers: s.opts.Buffers(), Routing: s.opts.Routing()}
	st.Incidents = judge.Still(s.opts.Incidents(), st.Groups)
	judge.Mark(st.Groups, st.Incidents)
	return st
}
