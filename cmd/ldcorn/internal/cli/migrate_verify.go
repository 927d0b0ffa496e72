package cli

import (
	"context"
	"fmt"

	"github.com/ldcorn/ldcorn/starlark/config"
)

// check evaluates the result and, with --verify, compares its plan with the plan of
// the Python file.
func (m *migration) check(ctx context.Context, text string) error {
	got, err := m.evaluate(ctx, text, !m.verify)
	if err != nil || !m.verify {
		return err
	}
	found, err := m.capture(ctx)
	if err != nil {
		return err
	}
	literals, err := found.Starlark(config.ArgumentNames)
	if err != nil {
		return err
	}
	want, err := m.evaluate(ctx, literals, false)
	if err != nil {
		return fmt.Errorf("the result of the Python is not a configuration: %w", err)
	}
	differences := planDifferences(want, got)
	if len(differences) == 0 {
		remark(m.stderr, "verified: %s gives the same plan in Python", m.from)
		return nil
	}
	remark(m.stderr, "error: the plans of the Python and the Starlark differ:")
	for _, d := range differences {
		fmt.Fprintf(m.stderr, "  %s\n", d)
	}
	return &exitError{code: exitFailure}
}
