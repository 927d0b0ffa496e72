package machine

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/regular"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// codeOption is the code of an option that Uvicorn does not have.
const codeOption = "W121"

// An optionList knows the options of the Uvicorns of a machine. It reads them in the
// source of Uvicorn, which is quick and runs nothing: python= can name a program of a
// stranger. The zero optionList is ready for use.
type optionList struct {
	seen map[string]*uvicorn // by folder
}

// A uvicorn is an installed Uvicorn.
type uvicorn struct {
	version string
	options []string
}

// unknownOption warns of the first option in uvicorn_args that the Uvicorn of a group
// does not have. It returns nil if that cannot be told.
func (l *optionList) unknownOption(group *plan.Group, python string) *diag.Diagnostic {
	if len(group.UvicornArgs) == 0 {
		return nil
	}
	installed := l.of(group, python)
	if installed == nil {
		return nil
	}
	for _, arg := range group.UvicornArgs {
		option, _, _ := strings.Cut(arg, "=")
		if !strings.HasPrefix(option, "--") || slices.Contains(installed.options, option) {
			continue
		}
		d := &diag.Diagnostic{Code: codeOption, Severity: diag.Warning,
			Message: fmt.Sprintf("group %q: Uvicorn %s has no option %s", group.Name, installed.version, option),
			Detail:  []string{"according to the Uvicorn of " + python}}
		if near := diag.Near(strings.TrimLeft(option, "-"), bare(installed.options)); near != "" {
			d.Label = fmt.Sprintf("did you mean %q?", "--"+near)
		}
		return d
	}
	return nil
}

// bare returns options without their dashes.
func bare(options []string) []string {
	out := make([]string, len(options))
	for i, o := range options {
		out[i] = strings.TrimLeft(o, "-")
	}
	return out
}

// of returns the Uvicorn that the interpreter of a group would import, or nil if that
// is not plain from the folders.
func (l *optionList) of(group *plan.Group, python string) *uvicorn {
	for _, folder := range append(pythonPath(group), sitePackages(python)...) {
		found, known := l.seen[folder]
		if !known {
			if l.seen == nil {
				l.seen = make(map[string]*uvicorn)
			}
			found = readUvicorn(filepath.Join(folder, "uvicorn"))
			l.seen[folder] = found
		}
		if found != nil {
			return found
		}
	}
	return nil
}

var pythonName = regexp.MustCompile(`^python(3\.[0-9]+)$`)

// sitePackages returns the folders in which an interpreter looks for packages, if it is
// that of a virtual environment, or of the system with one version of Python.
func sitePackages(python string) []string {
	prefix := filepath.Dir(filepath.Dir(python))
	version := "3.*"
	if real, err := filepath.EvalSymlinks(python); err == nil {
		if m := pythonName.FindStringSubmatch(filepath.Base(real)); m != nil {
			version = m[1]
		}
	}
	var out []string
	for _, lib := range []string{filepath.Join(prefix, "lib"), filepath.Join(prefix, "local", "lib")} {
		for _, packages := range []string{"site-packages", "dist-packages"} {
			found, _ := filepath.Glob(filepath.Join(lib, "python"+version, packages)) // the pattern is valid
			if len(found) == 1 {
				out = append(out, found[0])
			}
		}
	}
	return out
}

var (
	optionText  = regexp.MustCompile(`"(--[a-z0-9][a-z0-9-]*)(?:/(--[a-z0-9][a-z0-9-]*))?"`)
	versionText = regexp.MustCompile(`(?m)^__version__\s*=\s*"([^"]+)"`)
)

// maxUvicornFile is how much is read of a file of Uvicorn.
const maxUvicornFile = 1 << 20 // bytes

// readUvicorn reads the options in the source of a Uvicorn. It returns nil if it does
// not find those that every version has.
func readUvicorn(folder string) *uvicorn {
	text, err := regular.ReadFile(filepath.Join(folder, "main.py"), maxUvicornFile)
	if err != nil {
		return nil
	}
	out := &uvicorn{options: []string{"--help"}}
	for _, m := range optionText.FindAllStringSubmatch(string(text), -1) {
		out.options = append(out.options, m[1])
		if m[2] != "" {
			out.options = append(out.options, m[2])
		}
	}
	for _, sure := range []string{"--host", "--loop", "--http", "--lifespan", "--root-path"} {
		if !slices.Contains(out.options, sure) {
			return nil // the source has another form
		}
	}
	if text, err := regular.ReadFile(filepath.Join(folder, "__init__.py"), maxUvicornFile); err == nil {
		if m := versionText.FindStringSubmatch(string(text)); m != nil {
			out.version = m[1]
		}
	}
	return out
}
