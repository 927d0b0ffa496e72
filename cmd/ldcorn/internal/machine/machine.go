// Package machine looks whether this machine has what a configuration needs. It
// starts and changes nothing, and mostly warns: people check a configuration on other
// machines, too. Certificates that are there and that no machine can use are errors.
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

// Code is that of all warnings of this package.
const Code = "W120"

// Look adds warnings of what is missing to the report of a configuration with a
// plan, each at the argument that it is about. It says the same once for several groups.
func Look(res *config.Result) {
	lookForPythons(res)
	lookForCommands(res)
	LookBesideGroups(res)
}

// LookBesideGroups is Look without what each group needs: its interpreter, its
// folder and its app.
func LookBesideGroups(res *config.Result) {
	missing(res, "bind_owner", engine.CheckOwner("bind_owner", res.Plan.BindOwner))
	for i := range res.Plan.Listeners {
		if l := &res.Plan.Listeners[i]; l.Owner != res.Plan.BindOwner {
			warnAt(res, res.ListenerArgument(i, "owner"), "the master cannot start on this machine", engine.CheckOwner("owner", l.Owner))
		}
	}
	lookForCertificates(res)
	missing(res, "access_log", accesslog.Check(res.Plan.AccessLog))
	for i, g := range res.Plan.Groups {
		warnAt(res, res.GroupArgument(i, "access_log"), "the master cannot start on this machine", accesslog.Check(g.AccessLog))
	}
	lookAtSystem(res)
	lookAtStatics(res)
	warn(res, "buffer_dir", "the buffers have no files on this machine", engine.CheckBufferDir(res.Plan))
}

// missing warns that the master cannot start because of an argument of LdConfig.
func missing(res *config.Result, argument string, err error) {
	warn(res, argument, "the master cannot start on this machine", err)
}

// warn adds a warning about an argument of LdConfig if there is an error.
func warn(res *config.Result, argument, message string, err error) {
	warnAt(res, res.Argument(argument), message, err)
}

// warnAt adds a warning about a place if there is an error.
func warnAt(res *config.Result, at diag.Span, message string, err error) {
	if err != nil {
		res.Report.Add(diag.Diagnostic{
			Code: Code, Severity: diag.Warning,
			Message: message,
			Detail:  []string{err.Error()},
			Span:    at,
		})
	}
}

// lookForPythons looks for the interpreter, the folder and the app of each group.
func lookForPythons(res *config.Result) {
	said := make(map[string]bool)
	var options optionList
	dir := filepath.Dir(res.Plan.Path)
	for i, group := range res.Plan.Groups {
		add := func(argument string, d *diag.Diagnostic) {
			if d != nil && !said[d.Detail[0]] {
				said[d.Detail[0]] = true
				d.Span = res.GroupArgument(i, argument)
				res.Report.Add(*d)
			}
		}
		python, err := worker.FindPython(group, dir)
		add("python", cannotStart(group, err))
		if err == nil {
			add("python", Remark(python, worker.Facts{}, group))
			if d := options.unknownOption(group, python.Path); d != nil {
				d.Span = res.GroupArgument(i, "uvicorn_args")
				res.Report.Add(*d)
			}
		}
		if err := worker.CheckCwd(group); err != nil {
			add("cwd", cannotStart(group, err))
		} else {
			add("app", misplacedApp(group, dir))
		}
	}
}

// cannotStart returns a warning about a group, or nil if there is no error.
func cannotStart(group *plan.Group, err error) *diag.Diagnostic {
	if err == nil {
		return nil
	}
	return &diag.Diagnostic{Code: Code, Severity: diag.Warning,
		Message: fmt.Sprintf("group %q cannot start on this machine", group.Name), Detail: []string{err.Error()}}
}

// Remark returns a warning about an interpreter that works but most likely is
// not the one that is meant, or nil.
func Remark(python worker.Interpreter, facts worker.Facts, group *plan.Group) *diag.Diagnostic {
	remarks := python.Remarks(facts)
	if len(remarks) == 0 {
		return nil
	}
	return &diag.Diagnostic{Code: Code, Severity: diag.Warning,
		Message: fmt.Sprintf("group %q runs %s, which may not be what was meant", group.Name, python.Path), Detail: remarks}
}
