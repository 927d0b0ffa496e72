package judge

import (
	"slices"

	"github.com/ldcorn/ldcorn/engine/api"
)

// Still returns those of the incidents of a look that can still be there with groups as
// they are now: up to a second later, a queue can be empty and a worker gone.
func Still(incidents []api.Incident, groups []api.GroupStatus) (out []api.Incident) {
	for _, in := range incidents {
		at := slices.IndexFunc(groups, func(g api.GroupStatus) bool { return g.Name == in.Group && !g.Removed })
		if at >= 0 && isStill(&in, &groups[at]) {
			out = append(out, in)
		}
	}
	return out
}

func isStill(in *api.Incident, g *api.GroupStatus) bool {
	switch {
	case in.Kind == api.IncidentQueue:
		return g.Queued > 0
	case in.Kind == api.IncidentSilent:
		return g.Requests > 0
	case in.PID != 0:
		return slices.ContainsFunc(g.Workers, func(w api.WorkerStatus) bool { return w.PID == in.PID })
	}
	return true
}
