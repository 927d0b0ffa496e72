package worker

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// CodeFolders returns the folders that have the code of a group's app: the one
// in which its workers run, that of --app-dir, and, if neither has the app, the
// folder of PYTHONPATH that does. home is the folder of groups without cwd=. The
// folders are absolute, with the symbolic links in them, and need not exist.
func CodeFolders(group *plan.Group, home string) []string {
	s := &Spec{Group: group}
	run := group.Cwd
	if run == "" {
		run = home
	}
	in := func(dir string) string {
		if filepath.IsAbs(dir) {
			return filepath.Clean(dir)
		}
		return filepath.Join(run, dir)
	}
	out := []string{in("")}
	if dir := in(s.option("--app-dir", "UVICORN_APP_DIR")); !slices.Contains(out, dir) {
		out = append(out, dir)
	}
	module, _, _ := strings.Cut(group.App, ":")
	if slices.ContainsFunc(out, func(dir string) bool { return hasModule(dir, module) }) {
		return out
	}
	for _, dir := range filepath.SplitList(s.variable("PYTHONPATH")) {
		if dir = in(dir); hasModule(dir, module) {
			return append(out, dir)
		}
	}
	return out
}

// hasModule reports whether a folder on Python's path has a module.
func hasModule(dir, module string) bool {
	top, _, _ := strings.Cut(module, ".")
	if top == "" {
		return false
	}
	for _, name := range []string{top + ".py", top} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}
