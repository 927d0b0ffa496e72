package engine

import (
	"context"
	"crypto/rand"
	"os"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// A previewer says what a reload would do now.
type previewer struct {
	load func(context.Context) (*plan.Plan, []plan.Warning, error)
	sup  *supervisor.Supervisor
}

// preview evaluates the configuration as a reload would, and compares it with
// what runs.
func (p previewer) preview(ctx context.Context, opts plan.DiffOptions) (*plan.Report, error) {
	next, warnings, err := p.load(ctx)
	if err != nil {
		return nil, err
	}
	if err := known(next, opts); err != nil {
		return nil, err
	}
	report := compare(p.sup, next, opts)
	report.Diagnostics = append(report.Diagnostics, warnings...)
	salt := make([]byte, 16)
	rand.Read(salt) // never fails
	report.Record = next.Record(salt)
	return report, nil
}

// compare says what applying next would do now.
func compare(sup *supervisor.Supervisor, next *plan.Plan, opts plan.DiffOptions) *plan.Report {
	now, generation := sup.InEffect()
	base := plan.Base{Kind: plan.BaseMaster, PID: os.Getpid(), Generation: generation, Up: time.Since(sup.Started()).Seconds()}
	if now != nil {
		base.Fingerprint = now.Fingerprint
	}
	return plan.NewReport(base, next, plan.Diff(now, next, opts), opts)
}

// known fails where a group is to be replaced that the plan does not have.
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
