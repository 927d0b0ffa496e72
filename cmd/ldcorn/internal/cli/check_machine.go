package cli

import (
	"fmt"
	"path/filepath"

	"github.com/ldcorn/ldcorn/engine"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// lookForPythons looks for the interpreter and the folder of each group, and
// runs nothing. It warns of those that are missing, once for several groups. It
// only warns, because people check a configuration on other machines, too.
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

// lookForOwner warns where this machine does not know the owner of the socket.
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
