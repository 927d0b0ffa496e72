package engine

import (
	"context"
	"crypto/rand"
	"os"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// A previewer reports what a reload would do now.
type previewer struct {
	load    func(context.Context, map[string]string) (*plan.Plan, []api.PlanWarning, error)
	set     setter
	sup     *supervisor.Supervisor
	missing func(plan.Bind) bool
	leaving func() *api.Stopping // nil as long as the master is not told to stop
}

// preview evaluates the configuration as a reload would, and compares it with
// the plan in effect.
func (p previewer) preview(ctx context.Context, want api.PlanRequest) (*api.Plan, error) {
	opts := plan.ReplaceOptions(want.Replace, want.All)
	next, warnings, err := p.load(ctx, p.set.after(want.ArgSettings))
	if err != nil {
		return nil, err
	}
	if err := known(next, opts); err != nil {
		return nil, err
	}
	opts.Missing = p.missing
	now, generation := p.sup.InEffect()
	changes := plan.Diff(now, next, opts)
	report := plan.NewReport(baseOf(p.sup, now, generation), next, changes, opts)
	report.Against.Stopping = p.leaving() != nil
	report.Diagnostics = append(report.Diagnostics, warnings...)
	salt := make([]byte, 16)
	rand.Read(salt) // never fails
	report.Record = next.Record(salt)
	return report, nil
}

// baseOf returns the base of a report about the plan in effect.
func baseOf(sup *supervisor.Supervisor, now *plan.Plan, generation int) api.PlanBase {
	base := api.PlanBase{Kind: api.BaseMaster, PID: os.Getpid(), Generation: generation, Up: time.Since(sup.Started()).Seconds()}
	if now != nil {
		base.Fingerprint = now.Fingerprint
	}
	return base
}

// known returns an error if opts name a group that the plan does not have.
func known(next *plan.Plan, opts plan.DiffOptions) error {
	for name := range opts.Replace {
		if next.Group(name) == nil {
			unknown := &supervisor.UnknownGroupError{Group: name}
			for _, p := range next.Groups {
				unknown.Known = append(unknown.Known, p.Name)
			}
			return unknown
		}
	}
	return nil
}
