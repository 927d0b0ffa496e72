package engine

import (
	"errors"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// An explainer says what would happen to a request according to the plan in
// effect.
type explainer struct {
	sup    *supervisor.Supervisor
	holder decide.Holder
}

// errNoPlan is why nothing can be said about the plan in effect.
var errNoPlan = errors.New("the master is still starting: no configuration is in effect yet")

func (x explainer) explain(q api.Question) (*api.Explanation, error) {
	now, _ := x.sup.InEffect()
	if now == nil {
		return nil, errNoPlan
	}
	explainer := decide.NewExplainer(now).Holding(x.holder)
	if rt := now.Router; rt != nil {
		explainer = explainer.Asking(func(r match.Request) (plan.Decision, error) {
			said, err := rt.Route(r)
			if err != nil {
				err = errors.New("the master's log says why")
			}
			return said, err
		})
	}
	return explainer.Answer(q)
}
