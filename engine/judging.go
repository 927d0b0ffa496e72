package engine

import (
	"log/slog"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/judge"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/proxy"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// judgedEach is how many requests of each worker the judge looks at.
const judgedEach = 32

// judging returns what the judge of a master looks at.
func judging(tell *telemetry, px *proxy.Proxy, sup *supervisor.Supervisor, log *slog.Logger) judge.Options {
	return judge.Options{
		Groups: sup.Groups, Past: tell.history, Events: &tell.events, Log: log,
		InHand: func() *api.Requests {
			return inHand(px, control.RequestsWanted{Limit: control.MaxRequests, PerWorker: judgedEach})
		},
		Plan: func() *plan.Plan {
			now, _ := sup.InEffect()
			return now
		},
	}
}
