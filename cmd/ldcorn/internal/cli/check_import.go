package cli

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/machine"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/prepare"
	"github.com/ldcorn/ldcorn/engine/traceback"
	"github.com/ldcorn/ldcorn/engine/worker"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// importScript is the program that the interpreter runs. Its comment explains its
// exit codes.
//
//go:embed check_import.py
var importScript string

// codeImport is the code of an app that its interpreter cannot import.
const codeImport = "L030"

const (
	exitNoImport    = 4
	exitNoAttribute = 5
	exitNotCallable = 6
	exitNoModule    = 7

	importsAtOnce = 2
)

// importApps makes the interpreter of each group import the app, as a worker does,
// and reports the groups where that fails. Groups that are the same to an import
// are checked once.
func importApps(ctx context.Context, res *config.Result) {
	p := res.Plan
	found := make([]*diag.Diagnostic, len(p.Groups))
	asked := make(map[string]bool)
	slots := make(chan struct{}, importsAtOnce)
	var prober worker.Prober
	var wg sync.WaitGroup
	for i, group := range p.Groups {
		if key := importKey(group); asked[key] {
			continue
		} else {
			asked[key] = true
		}
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			d, argument := importApp(ctx, &prober, group, filepath.Dir(p.Path), p.StartupTimeout)
			if d != nil {
				d.Span = res.GroupArgument(i, argument)
			}
			found[i] = d
		})
	}
	wg.Wait()
	for _, d := range found {
		if d != nil {
			res.Report.Add(*d)
		}
	}
}

// importKey returns a key. Groups with the same key are the same to an import.
func importKey(group *plan.Group) string {
	key := fmt.Sprintf("%q %q %q %q %q %q", group.User, group.UnixGroup, group.Python, group.Cwd, group.App, group.UvicornArgs)
	for _, v := range group.Env {
		key += fmt.Sprintf(" %q=%q", v.Name, v.Value.Reveal())
	}
	return key
}

// importApp makes an interpreter import the app of a group. It returns what is wrong
// and the argument that it is about, or nil if that works.
func importApp(ctx context.Context, prober *worker.Prober, group *plan.Group, configDir string, limit time.Duration) (d *diag.Diagnostic, argument string) {
	d = &diag.Diagnostic{Code: codeImport, Severity: diag.Error}
	argument = "python"
	python, err := worker.FindPython(group, configDir)
	if err == nil {
		if err = worker.CheckCwd(group); err != nil {
			argument = "cwd"
		}
	}
	var facts worker.Facts
	if err == nil {
		facts, err = prober.Probe(ctx, python, group)
	}
	if err != nil {
		d.Message = fmt.Sprintf("group %q: %v", group.Name, err)
		return d, argument
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errTooSlow)
	defer cancel()
	spec := worker.Spec{Group: group, Python: python.Path, Facts: facts}
	stderr, err := runImport(ctx, spec)
	if err == nil {
		return machine.Remark(python, facts, group), argument
	}
	d.Message = fmt.Sprintf("group %q: app %q cannot be imported", group.Name, group.App)
	var exit *exec.ExitError
	switch {
	case errors.Is(err, errTooSlow):
		d.Message = fmt.Sprintf("group %q: app %q was not imported within %s", group.Name, group.App, limit)
		d.Hint = "raise `startup_timeout` of LdConfig"
	case !errors.As(err, &exit):
		d.Message += ": " + err.Error()
	case exit.ExitCode() == exitNoAttribute:
		d.Hint = spec.AttributeHint()
	case exit.ExitCode() == exitNotCallable:
		d.Message = fmt.Sprintf("group %q: app %q is not callable", group.Name, group.App)
		d.Hint = spec.AttributeHint()
	case exit.ExitCode() == exitNoModule:
		d.Hint = fmt.Sprintf("Python looks for it in %s; set `cwd` of the group to another folder", spec.AppFolder())
		if beside := machine.AppBeside(group, configDir); beside != "" {
			d.Hint = fmt.Sprintf("Python looks for it in %s; %s", spec.AppFolder(), machine.BesideHint(group, beside))
		} else if hint := spec.ModuleHint(); hint != "" {
			d.Hint = hint
		}
	case exit.ExitCode() == exitNoImport:
		d.Hint = spec.Hint(strings.Split(stderr, "\n"))
	default:
		d.Message += fmt.Sprintf(": the interpreter ended with %s", exit.ProcessState)
	}
	if hiding := spec.HidingModule(strings.Split(stderr, "\n")); hiding != "" {
		d.Hint = hiding
	}
	if stderr = hideSecrets(stderr, group); strings.TrimSpace(stderr) != "" {
		said := strings.Split(strings.TrimRight(stderr, "\n"), "\n")
		d.Detail = append([]string{python.Path + " says:"}, traceback.Brief(said)...)
	}
	return d, "app"
}

// errTooSlow is the cause of a context that ends when an import takes too long.
var errTooSlow = errors.New("the import takes too long")

// runImport runs the script in the environment of a worker of the group, and returns
// its output on stderr.
func runImport(ctx context.Context, spec worker.Spec) (string, error) {
	setup, err := prepare.ForTrial(spec.Group)
	if err != nil {
		return "", err
	}
	said, err := worker.Ask(ctx, worker.Question{
		Python: spec.Python, Args: spec.ScriptArgs(importScript, spec.Group.App), Dir: spec.Group.Cwd, Wordy: true,
		Setup: setup,
		Env:   append(spec.Environ(), "PYTHONDONTWRITEBYTECODE=1"), // a check changes no files
	})
	return said.Stderr, err
}

// hideSecrets replaces the secrets of the group in the output of an app.
func hideSecrets(s string, group *plan.Group) string {
	for _, v := range group.Env {
		if v.Value.IsSecret() && v.Value.Reveal() != "" {
			s = strings.ReplaceAll(s, v.Value.Reveal(), v.Value.String())
		}
	}
	return s
}
