package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// importScript is given to the interpreter: see there for its exit codes.
//
//go:embed check_import.py
var importScript string

// codeImport is the code of an app that its interpreter cannot import.
const codeImport = "L030"

const (
	exitNoUvicorn   = 3
	exitNoImport    = 4
	exitNoAttribute = 5
	exitNotCallable = 6
	exitNoModule    = 7

	importsAtOnce = 2
	shownLines    = 12 // of an interpreter's error
)

// importApps asks the interpreter of each group whether it can import the
// app, as a worker would, and reports those that cannot. Groups that differ
// in nothing an import sees are asked once.
func importApps(ctx context.Context, p *plan.Plan, report *diag.Report) {
	found := make([]*diag.Diagnostic, len(p.Pools))
	asked := make(map[string]bool)
	slots := make(chan struct{}, importsAtOnce)
	var wg sync.WaitGroup
	for i, pool := range p.Pools {
		if key := importKey(pool); asked[key] {
			continue
		} else {
			asked[key] = true
		}
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			found[i] = importApp(ctx, pool, filepath.Dir(p.Path), p.StartupTimeout)
		})
	}
	wg.Wait()
	for i, d := range found {
		if d == nil {
			continue
		}
		pos := p.Pools[i].Pos
		d.Code, d.Severity = codeImport, diag.Error
		d.Span = report.Sources.Word(diag.Span{File: pos.File, Line: pos.Line, Col: pos.Col})
		report.Add(*d)
	}
}

// importKey is equal for groups whose apps import alike.
func importKey(pool *plan.Pool) string {
	key := fmt.Sprintf("%q %q %q %q", pool.Python, pool.Cwd, pool.App, pool.UvicornArgs)
	for _, v := range pool.Env {
		key += fmt.Sprintf(" %q=%q", v.Name, v.Value.Reveal())
	}
	return key
}

// importApp imports the app of one group; nil means that it works.
func importApp(ctx context.Context, pool *plan.Pool, configDir string, limit time.Duration) *diag.Diagnostic {
	d := &diag.Diagnostic{Message: fmt.Sprintf("group %q: app %q cannot be imported", pool.Name, pool.App)}
	python, err := worker.FindPython(pool, configDir)
	if err != nil {
		d.Message = fmt.Sprintf("group %q: %v", pool.Name, err)
		return d
	}
	if err := worker.CheckCwd(pool); err != nil {
		d.Message = fmt.Sprintf("group %q: %v", pool.Name, err)
		return d
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	stderr, err := runImport(ctx, python, pool)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		d.Message = fmt.Sprintf("group %q: app %q is not imported after %s", pool.Name, pool.App, limit)
		d.Hint = "`startup_timeout` of LdConfig allows more"
	case !errors.As(err, &exit):
		d.Message = fmt.Sprintf("group %q: %v", pool.Name, err)
	case exit.ExitCode() == exitNoUvicorn:
		d.Message = fmt.Sprintf("group %q: %s has no Uvicorn", pool.Name, python)
		d.Hint = fmt.Sprintf("%s -m pip install uvicorn, or choose another interpreter with python=", python)
		return d
	case exit.ExitCode() == exitNoAttribute:
		d.Hint = "the part after the colon is the name of the application in the module"
	case exit.ExitCode() == exitNotCallable:
		d.Message = fmt.Sprintf("group %q: app %q is nothing that can be called", pool.Name, pool.App)
		d.Hint = "the part after the colon is the name of the application in the module"
	case exit.ExitCode() == exitNoModule:
		d.Hint = fmt.Sprintf("it is looked for in %s; `cwd` of the group names another folder", appFolder(pool))
	case exit.ExitCode() != exitNoImport:
		d.Message += fmt.Sprintf(": the interpreter ended with %s", exit.ProcessState)
	}
	if stderr = hideSecrets(stderr, pool); strings.TrimSpace(stderr) != "" {
		d.Detail = append([]string{python + " says:"}, tail(stderr, shownLines)...)
	}
	return d
}

// runImport runs the script as a worker of the group would run, and returns
// what it wrote to stderr. Whatever it starts ends with it.
func runImport(ctx context.Context, python string, pool *plan.Pool) (string, error) {
	cmd := exec.CommandContext(ctx, python, "-c", importScript, pool.App, appDir(pool.UvicornArgs))
	cmd.Dir = pool.Cwd
	spec := worker.Spec{Pool: pool}
	cmd.Env = append(spec.Environ(), "PYTHONDONTWRITEBYTECODE=1") // a check leaves nothing behind
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	return stderr.String(), err
}

// appFolder is where a worker of the group looks for its app first.
func appFolder(pool *plan.Pool) string {
	dir := appDir(pool.UvicornArgs)
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(pool.Cwd, dir)
	}
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

// appDir returns the value of --app-dir, which Uvicorn puts in front of
// sys.path.
func appDir(args []string) string {
	dir := ""
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--app-dir="); ok {
			dir = v
		} else if a == "--app-dir" && i+1 < len(args) {
			dir = args[i+1]
		}
	}
	return dir
}

// hideSecrets keeps the group's secrets out of what an app printed.
func hideSecrets(s string, pool *plan.Pool) string {
	for _, v := range pool.Env {
		if v.Value.IsSecret() && v.Value.Reveal() != "" {
			s = strings.ReplaceAll(s, v.Value.Reveal(), v.Value.String())
		}
	}
	return s
}

// tail returns the last lines of a text.
func tail(s string, n int) []string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if len(lines) > n {
		lines = append([]string{"…"}, lines[len(lines)-n:]...)
	}
	return lines
}
