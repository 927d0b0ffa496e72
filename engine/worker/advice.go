package worker

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// An Advised is an error with advice on what to do about it.
type Advised struct {
	Err  error
	Hint string
}

// Error returns the error and the advice, in one line.
func (e *Advised) Error() string { return e.Err.Error() + "; " + e.Hint }

func (e *Advised) Unwrap() error { return e.Err }

// Advice returns the advice that err comes with, or "" if there is none, and err
// without it.
func Advice(err error) (hint string, bare error) {
	var advised *Advised
	if errors.As(err, &advised) && err.Error() == advised.Error() {
		return advised.Hint, advised.Err
	}
	return "", err
}

// Lines with which Python and Uvicorn say why a worker cannot start.
var (
	noModuleFile  = regexp.MustCompile(`Could not import module "([\w.]+)"`)
	noAttribute   = regexp.MustCompile(`Attribute "([\w.]+)" not found in module "([\w.]+)"`)
	noImport      = regexp.MustCompile(`^(?:ModuleNotFoundError|ImportError): No module named '?([\w.]+)`)
	noOption      = regexp.MustCompile(`(?i)^Error: no such option:? '?(-[\w-]+)`)
	usage         = regexp.MustCompile(`^Error: (?:Invalid value|Option|Got unexpected|Missing)`)
	addressInUse  = regexp.MustCompile(`(?i)\[Errno 98\]|address already in use`)
	moduleName    = regexp.MustCompile(`^[A-Za-z_]\w*$`)
	factoryFailed = regexp.MustCompile(`Error loading ASGI (?:app )?factory`)
)

// Hint returns advice for a worker that exited before it was ready, or "" if
// its last lines mean nothing known.
func (s *Spec) Hint(stderr []string) string {
	if hint := s.HidingModule(stderr); hint != "" {
		return hint
	}
	said := LastWord(stderr)
	dir := s.AppFolder()
	if m := noModuleFile.FindStringSubmatch(said); m != nil {
		if hint := s.moduleHint(m[1]); hint != "" {
			return hint
		}
		return fmt.Sprintf("its workers look for the module %s in %s; cwd= of the group sets another folder", m[1], dir)
	}
	if m := noAttribute.FindStringSubmatch(said); m != nil {
		return attributeHint(dir, m[2], m[1])
	}
	if m := noImport.FindStringSubmatch(said); m != nil {
		return s.importHint(dir, m[1])
	}
	if m := noOption.FindStringSubmatch(said); m != nil {
		return fmt.Sprintf("Uvicorn %v has no option %s: change uvicorn_args; \"%s -m uvicorn --help\" lists the options", s.Facts.Uvicorn, m[1], s.Python)
	}
	if hint := s.variableHint(stderr); hint != "" {
		return hint
	}
	switch {
	case usage.MatchString(said):
		return fmt.Sprintf("change uvicorn_args; \"%s -m uvicorn --help\" lists the options of Uvicorn %v", s.Python, s.Facts.Uvicorn)
	case addressInUse.MatchString(said):
		return "the app itself opens a port, which only one process can have: let it open none while it is imported or started"
	case factoryFailed.MatchString(said):
		return "the function that app= names must return the app without arguments"
	}
	return ""
}

// AttributeHint returns advice for an app whose module does not have it.
func (s *Spec) AttributeHint() string {
	module, name, _ := strings.Cut(s.Group.App, ":")
	return attributeHint(s.AppFolder(), module, name)
}

// attributeHint returns advice for an app that has another name in its module.
func attributeHint(dir, module, name string) string {
	if found := appIn(dir, module); found != "" && found != name {
		return fmt.Sprintf("the app in module %s seems to be %s: write app=\"%s:%s\"", module, found, module, found)
	}
	return fmt.Sprintf("the part of app= after the colon must be the name of the app in module %s", module)
}

// importHint returns advice for a module that a worker's Python does not find.
func (s *Spec) importHint(dir, module string) string {
	if s.isOfApp(module) {
		if hint := s.ModuleHint(); hint != "" {
			return hint
		}
	}
	first, _, _ := strings.Cut(module, ".")
	for _, at := range []string{filepath.Dir(dir), filepath.Join(dir, "src")} {
		if _, err := os.Stat(filepath.Join(at, first+".py")); err == nil || isDir(filepath.Join(at, first)) {
			return fmt.Sprintf("%s is in %s, but the workers run in %s: set cwd= of the group, or --app-dir in uvicorn_args", first, at, dir)
		}
	}
	install := fmt.Sprintf("nstall the package that has the module %s, with \"%s -m pip install …\", or name another interpreter with python=", first, s.Python)
	if meant := cmp.Or(nearModule(s.moduleFolders(), module), nearKnown(module)); meant != "" {
		return fmt.Sprintf("did you mean %s? Otherwise i%s", meant, install)
	}
	return "i" + install
}

// appAssigned matches the line of a module that makes an app of a well-known
// framework.
var appAssigned = regexp.MustCompile(`^(\w+)\s*(?::[^=]+)?=\s*(?:\w+\.)*(?:FastAPI|Starlette|Litestar|Quart|BlackSheep|Application|get_asgi_application|WsgiToAsgi|WSGIMiddleware)\(`)

// maxModule is how much of a module is searched for an app.
const maxModule = 1 << 20 // bytes

// appIn returns the name of the app that a module in dir makes, or "".
func appIn(dir, module string) string {
	path := filepath.Join(append([]string{dir}, strings.Split(module, ".")...)...)
	for _, name := range []string{path + ".py", filepath.Join(path, "__init__.py")} {
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			continue
		}
		defer f.Close()
		lines := bufio.NewScanner(io.LimitReader(f, maxModule))
		for lines.Scan() {
			if m := appAssigned.FindStringSubmatch(lines.Text()); m != nil {
				return m[1]
			}
		}
	}
	return ""
}
