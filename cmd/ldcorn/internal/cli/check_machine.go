package cli

import (
	"fmt"
	"path/filepath"

	"github.com/ldcorn/ldcorn/engine"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// lookForPythons looks whether the interpreter and the folder of each group are
// there, and runs nothing. What is missing is a warning: a configuration may be
// checked where it does not run. What several groups lack is said once.
func lookForPythons(p *plan.Plan, report *diag.Report) {
	found := make([]*diag.Diagnostic, len(p.Groups))
	said := make(map[string]bool)
	for i, group := range p.Groups {
		python, err := worker.FindPython(group, filepath.Dir(p.Path))
		if err == nil {
			err = worker.CheckCwd(group)
		}
		d := remark(python, worker.Facts{}, group)
		if err != nil {
			d = &diag.Diagnostic{
				Severity: diag.Warning,
				Message:  fmt.Sprintf("group %q cannot start on this machine", group.Name),
				Detail:   []string{err.Error()},
			}
		}
		if d != nil && !said[d.Detail[0]] {
			said[d.Detail[0]], found[i] = true, d
		}
	}
	addToGroups(p, found, report)
}

// lookForOwner looks whether the owner of the socket is there.
func lookForOwner(p *plan.Plan, report *diag.Report) {
	err := engine.CheckOwner(p.BindOwner)
	if err == nil {
		return
	}
	report.Add(diag.Diagnostic{
		Code: codeMachine, Severity: diag.Warning,
		Message: "the master cannot start on this machine",
		Detail:  []string{err.Error()},
		Span:    report.Sources.Word(diag.Span{File: p.Pos.File, Line: p.Pos.Line, Col: p.Pos.Col}),
	})
}
