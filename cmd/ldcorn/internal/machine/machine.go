// Package machine looks whether this machine has what a configuration needs. It
// starts and changes nothing, and only warns: people check a configuration on
// other machines, too.
package machine

import (
	"fmt"
	"path/filepath"

	"github.com/ldcorn/ldcorn/engine"
	"github.com/ldcorn/ldcorn/engine/accesslog"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// code is that of all warnings of this package.
const code = "W120"

// Look adds warnings of what is missing to the report of a configuration with a
// plan. It says the same once for several groups.
func Look(res *config.Result) {
	lookForPythons(res.Plan, res.Report)
	LookBesideGroups(res)
}

// LookBesideGroups is Look without what each group needs: its interpreter and its
// folder.
func LookBesideGroups(res *config.Result) {
	missing(res, "bind_owner", engine.CheckOwner(res.Plan.BindOwner))
	missing(res, "access_log", accesslog.Check(res.Plan.AccessLog))
	missing(res, "buffer_dir", engine.CheckBufferDir(res.Plan.BufferDir))
	warn(res, "buffer_dir", "the buffers have no files on this machine", engine.RemarkBufferDir(res.Plan.BufferDir))
}

// missing warns that the master cannot start because of an argument of LdConfig.
func missing(res *config.Result, argument string, err error) {
	warn(res, argument, "the master cannot start on this machine", err)
}

// warn adds a warning about an argument of LdConfig if there is an error.
func warn(res *config.Result, argument, message string, err error) {
	if err != nil {
		res.Report.Add(diag.Diagnostic{
			Code: code, Severity: diag.Warning,
			Message: message,
			Detail:  []string{err.Error()},
			Span:    res.Argument(argument),
		})
	}
}

// lookForPythons looks for the interpreter and the folder of each group.
func lookForPythons(p *plan.Plan, report *diag.Report) {
	found := make([]*diag.Diagnostic, len(p.Groups))
	said := make(map[string]bool)
	for i, group := range p.Groups {
		python, err := worker.FindPython(group, filepath.Dir(p.Path))
		if err == nil {
			err = worker.CheckCwd(group)
		}
		d := Remark(python, worker.Facts{}, group)
		if err != nil {
			d = &diag.Diagnostic{
				Code: code, Severity: diag.Warning,
				Message: fmt.Sprintf("group %q cannot start on this machine", group.Name),
				Detail:  []string{err.Error()},
			}
		}
		if d != nil && !said[d.Detail[0]] {
			said[d.Detail[0]], found[i] = true, d
		}
	}
	AddToGroups(p, found, report)
}

// AddToGroups adds a diagnostic of each group to the report, at the place of
// the group. A nil one is left out.
func AddToGroups(p *plan.Plan, found []*diag.Diagnostic, report *diag.Report) {
	for i, d := range found {
		if d == nil {
			continue
		}
		pos := p.Groups[i].Pos
		d.Span = report.Sources.Word(diag.Span{File: pos.File, Line: pos.Line, Col: pos.Col})
		report.Add(*d)
	}
}

// Remark returns a warning about an interpreter that works but most likely is
// not the one that is meant, or nil.
func Remark(python worker.Interpreter, facts worker.Facts, group *plan.Group) *diag.Diagnostic {
	remarks := python.Remarks(facts)
	if len(remarks) == 0 {
		return nil
	}
	return &diag.Diagnostic{Code: code, Severity: diag.Warning,
		Message: fmt.Sprintf("group %q runs %s, which may not be what was meant", group.Name, python.Path), Detail: remarks}
}
