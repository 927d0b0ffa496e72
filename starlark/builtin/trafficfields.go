package builtin

import (
	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// trafficFields are the arguments of WorkerGroup that say how requests wait,
// and which process gets them.
func trafficFields() []field[plan.Group] {
	return []field[plan.Group]{
		intOf(Argument{Name: "queue_limit", Keyword: true, Default: "0", Rule: "0 = no limit",
			Doc: "How many requests may wait for a free process; one more gets 503.",
			aka: []string{"max_queue", "queue_size", "max_queued", "backlog"}},
			0, noLimit, func(p *plan.Group) *int { return &p.QueueLimit }),
		durationOf(Argument{Name: "queue_timeout", Keyword: true, Default: "0", Rule: "0 = no limit",
			Doc: "How long a request may wait for a free process before it gets 503.",
			aka: []string{"max_wait", "wait_timeout", "queue_wait"}},
			func(p *plan.Group) *plan.Seconds { return (*plan.Seconds)(&p.QueueTimeout) }),
		choiceOf(Argument{Name: "balance", Keyword: true, Default: `"least_busy"`,
			Doc: "Which process gets a request: the one with the fewest in hand, or each in turn.",
			aka: []string{"load_balancing", "lb", "lb_policy", "algorithm", "strategy"}},
			[]plan.Balance{plan.BalanceLeastBusy, plan.BalanceRoundRobin},
			func(p *plan.Group) *plan.Balance { return &p.Balance }),
		{Argument{Name: "sticky", Type: "key | None", Keyword: true, Default: "None", Rule: keyForms,
			Doc: "Sends all requests of a client to the same process, as long as that is there.",
			aka: []string{"sticky_sessions", "affinity", "session_affinity", "ip_hash", "hash"}}, setSticky},
		durationOf(Argument{Name: "request_timeout", Keyword: true, Default: "0", Rule: "0 = no limit",
			Doc: "How long a process may take until it begins to answer; then the client gets 504.",
			aka: []string{"timeout", "read_timeout", "response_timeout", "worker_timeout"}},
			func(p *plan.Group) *plan.Seconds { return (*plan.Seconds)(&p.RequestTimeout) }),
		disconnectField(),
	}
}

func disconnectField() field[plan.Group] {
	f := choiceOf(Argument{Name: "client_disconnect", Keyword: true, Default: "None",
		Doc: "What becomes of a request whose client has gone: the app is told at once, or the process is busy until the app has answered. None is \"finish\" in a group with max_req_per_worker, else \"cancel\".",
		aka: []string{"on_disconnect", "on_client_disconnect"}},
		[]plan.Disconnect{plan.DisconnectCancel, plan.DisconnectFinish},
		func(p *plan.Group) *plan.Disconnect { return &p.ClientDisconnect })
	f.Type = "str | None"
	set := f.set
	f.set = func(c *call, g *given, p *plan.Group) {
		if g.value == starlark.None {
			p.ClientDisconnect = plan.DisconnectAuto
			return
		}
		set(c, g, p)
	}
	return f
}
