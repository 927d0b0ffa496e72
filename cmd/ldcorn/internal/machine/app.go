package machine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// misplacedApp warns if a group's app is not where its workers look for it but
// beside the configuration. It returns nil if the app is in neither place, because
// it can be installed.
func misplacedApp(group *plan.Group, configDir string) *diag.Diagnostic {
	beside := AppBeside(group, configDir)
	if beside == "" {
		return nil
	}
	spec := worker.Spec{Group: group}
	return &diag.Diagnostic{
		Code: Code, Severity: diag.Warning,
		Message: fmt.Sprintf("group %q may not find its app %q", group.Name, group.App),
		Detail:  []string{fmt.Sprintf("there is no %s in %s, where its workers look", filepath.Base(beside), spec.AppFolder())},
		Hint:    BesideHint(group, beside),
	}
}

// BesideHint is the advice for an app that AppBeside has found.
func BesideHint(group *plan.Group, beside string) string {
	verb := "add"
	if group.Cwd != "" {
		verb = "write"
	}
	return fmt.Sprintf("%s is beside the configuration: %s cwd=\".\"", filepath.Base(beside), verb)
}

// AppBeside returns the file or the folder of a group's app that is beside the
// configuration, or "" if it is not there or the workers find another one.
func AppBeside(group *plan.Group, configDir string) string {
	spec := worker.Spec{Group: group}
	folders := append(pythonPath(group), spec.AppFolder(), spec.Folder())
	for _, folder := range folders {
		if moduleIn(folder, group.App) != "" {
			return ""
		}
	}
	return moduleIn(configDir, group.App)
}

// pythonPath returns the folders of the PYTHONPATH of a group's workers.
func pythonPath(group *plan.Group) []string {
	path := os.Getenv("PYTHONPATH")
	for _, v := range group.Env {
		if v.Name == "PYTHONPATH" {
			path = v.Value.Reveal()
		}
	}
	spec := worker.Spec{Group: group}
	var folders []string
	for _, folder := range filepath.SplitList(path) {
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(spec.Folder(), folder)
		}
		folders = append(folders, folder)
	}
	return folders
}

// moduleIn returns the file or the folder in dir with the outermost module of an
// app, or "" if there is none.
func moduleIn(dir, app string) string {
	module, _, _ := strings.Cut(app, ":")
	first, rest, inPackage := strings.Cut(module, ".")
	path := filepath.Join(dir, first)
	if inPackage {
		inner, _, _ := strings.Cut(rest, ".")
		for _, name := range []string{inner, inner + ".py"} {
			if _, err := os.Stat(filepath.Join(path, name)); err == nil {
				return path
			}
		}
	}
	if _, err := os.Stat(filepath.Join(path, "__init__.py")); err == nil {
		return path
	}
	if info, err := os.Stat(path + ".py"); err == nil && info.Mode().IsRegular() {
		return path + ".py"
	}
	return ""
}
