package engine

import (
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/proxy"
)

// inHand returns the oldest requests that a proxy has in hand, at most limit of
// them.
func inHand(px *proxy.Proxy, limit int) *api.Requests {
	oldest, total := px.InHand(limit)
	out := &api.Requests{FormatVersion: api.RequestsVersion, Total: total, Requests: make([]api.Request, 0, len(oldest))}
	for i := range oldest {
		r := &oldest[i]
		shown := api.Request{
			ID: r.ID, Method: r.Method, Path: r.Path, Group: r.Group, Static: r.Static, Stage: api.RequestStage(r.Stage),
			Age: r.Age.Seconds(), Queued: r.Queued.Seconds(),
			Priority: r.Priority, Fair: r.Fair.String(),
		}
		if r.Client.IsValid() {
			shown.Client = r.Client.String()
		}
		if r.Wants.Kind != "" {
			shown.WaitsFor = &api.WaitsFor{Kind: api.WaitsForKind(r.Wants.Kind), Limit: r.Wants.Limit}
			if r.Wants.Kind == pool.WantWorker {
				shown.WaitsFor.Worker = &r.Wants.Worker
			}
		}
		if r.Worker >= 0 {
			shown.Worker = &r.Worker
		}
		out.Requests = append(out.Requests, shown)
	}
	return out
}
