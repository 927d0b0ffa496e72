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
	now, generation := p.sup.InEffect()
	base := plan.Base{Kind: plan.BaseMaster, PID: os.Getpid(), Generation: generation,
		Up: time.Since(p.sup.Started()).Seconds()}
	if now != nil {
		base.Fingerprint = now.Fingerprint
	}
	report := plan.NewReport(base, next, plan.Diff(now, next, opts))
	report.Diagnostics = append(report.Diagnostics, warnings...)
	salt := make([]byte, 16)
	rand.Read(salt) // never fails
	report.Record = next.Record(salt)
	return report, nil
}
