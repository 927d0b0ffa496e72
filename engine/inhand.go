package engine

import (
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/proxy"
)

// inHand returns what a proxy has in hand, as far as it is asked for.
func inHand(px *proxy.Proxy, want control.RequestsWanted) *api.Requests {
	all := px.InHand(proxy.HandQuery{Limit: want.Limit, Each: want.PerWorker, Groups: want.Groups, Worker: want.Worker, Sockets: want.Websockets})
	out := &api.Requests{FormatVersion: api.RequestsVersion, Total: all.Total, Requests: shownRequests(all.Requests), TotalWebsockets: all.TotalSockets}
	if len(all.Sockets) > 0 {
		out.Websockets = shownRequests(all.Sockets)
	}
	for i := range all.Queues {
		q := &all.Queues[i]
		out.Queues = append(out.Queues, api.RequestQueue{Group: q.Group, Depth: q.Depth, Oldest: shownRequest(&q.Oldest)})
	}
	return out
}

func shownRequests(some []proxy.InHand) []api.Request {
	out := make([]api.Request, len(some))
	for i := range some {
		out[i] = shownRequest(&some[i])
	}
	return out
}

// shownRequest returns a request for programs.
func shownRequest(r *proxy.InHand) api.Request {
	out := api.Request{
		ID: r.ID, Method: r.Method, Path: r.Path, Group: r.Group, Static: r.Static, PID: r.PID, Stage: api.RequestStage(r.Stage),
		Age: r.Age.Seconds(), Queued: r.Queued.Seconds(), Held: r.Held.Seconds(),
		Priority: r.Priority, Fair: r.Fair.String(),
	}
	if r.Client.IsValid() {
		out.Client = r.Client.String()
	}
	if r.Wants.Kind != "" {
		out.WaitsFor = &api.WaitsFor{Kind: api.WaitsForKind(r.Wants.Kind), Limit: r.Wants.Limit}
		if r.Wants.Kind == pool.WantWorker {
			out.WaitsFor.Worker = &r.Wants.Worker
		}
	}
	if r.Worker >= 0 {
		out.Worker = &r.Worker
	}
	return out
}
