package worker

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// CodeFolders returns the folders that have the code of a group's app: the one
// in which its workers run, that of --app-dir, and, if neither has the app, the
// folder of PYTHONPATH that does. home is the folder of groups without cwd=. It is
// left out if the app is elsewhere and home is no project, but / or the user's
// own folder. The folders are absolute, with the symbolic links in them, and need
// not exist.
func CodeFolders(group *plan.Group, home string) []string {
	s := &Spec{Group: group}
	run := cmp.Or(group.Cwd, home)
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
	hasApp := func(dir string) bool { return hasModule(dir, module) }
	if !slices.ContainsFunc(out, hasApp) {
		for _, dir := range filepath.SplitList(s.variable("PYTHONPATH")) {
			if dir = in(dir); hasApp(dir) {
				out = append(out, dir)
				break
			}
		}
	}
	if group.Cwd == "" && isBroad(run) && !hasApp(run) && slices.ContainsFunc(out, hasApp) {
		out = out[1:]
	}
	return out
}

// isBroad reports whether a folder has much more than a project.
func isBroad(dir string) bool {
	own, err := os.UserHomeDir()
	return dir == "/" || err == nil && dir == own
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
