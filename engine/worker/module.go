package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/near"
)

// ModuleHint returns advice for the module of app= that Python does not find, if another
// one has nearly the same name, or "".
func (s *Spec) ModuleHint() string {
	module, _, _ := strings.Cut(s.Group.App, ":")
	return s.moduleHint(module)
}

func (s *Spec) moduleHint(module string) string {
	_, name, _ := strings.Cut(s.Group.App, ":")
	meant := nearModule(s.moduleFolders(), module)
	if meant == "" {
		return ""
	}
	return fmt.Sprintf("there is no module %s in %s; did you mean app=\"%s:%s\"?", module, s.AppFolder(), meant, name)
}

// isOfApp reports whether a module is that of app=, or one of the packages that it is in.
func (s *Spec) isOfApp(module string) bool {
	app, _, _ := strings.Cut(s.Group.App, ":")
	return strings.HasPrefix(app+".", module+".")
}

// moduleFolders returns the folders in which a worker looks for its own modules.
func (s *Spec) moduleFolders() []string {
	dirs := []string{s.AppFolder()}
	if dir := s.Folder(); dir != dirs[0] {
		dirs = append(dirs, dir)
	}
	return dirs
}

// nearModule returns the module in one of the folders that has nearly the name of a
// module which is in none of them, or "".
func nearModule(dirs []string, module string) string {
	for _, dir := range dirs {
		parts := strings.Split(module, ".")
		for i, part := range parts {
			modules := modulesIn(dir)
			if !slices.Contains(modules, part) {
				if parts[i] = near.Name(part, modules); parts[i] != "" && isModule(dir, parts[i:]) {
					return strings.Join(parts, ".")
				}
				break
			}
			dir = filepath.Join(dir, part)
		}
	}
	return ""
}

// isModule reports whether a folder has a module, whose name is split into its parts.
func isModule(dir string, parts []string) bool {
	for _, part := range parts {
		if !slices.Contains(modulesIn(dir), part) {
			return false
		}
		dir = filepath.Join(dir, part)
	}
	return true
}

// maxEntries is how much of a folder is searched for modules.
const maxEntries = 10_000

// modulesIn returns the names of the modules and packages in a folder.
func modulesIn(dir string) []string {
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	entries, _ := f.ReadDir(maxEntries)
	var names []string
	for _, e := range entries {
		name, isFile := strings.CutSuffix(e.Name(), ".py")
		if isFile != e.IsDir() && name != "__init__" && moduleName.MatchString(name) {
			names = append(names, name)
		}
	}
	return names
}

// nearKnown returns the module of Python that has nearly the name of an unknown one, or "".
// Many packages have such names, so only slips count: two letters that are swapped, one that
// is doubled, or one that a long name lacks or has too many.
func nearKnown(module string) string {
	for known := range strings.FieldsSeq(pythonModules) {
		short, long := module, known
		if len(short) > len(long) {
			short, long = long, short
		}
		for i := range len(long) {
			switch {
			case len(short) == len(long) && i > 0 && long[:i-1]+long[i:i+1]+long[i-1:i]+long[i+1:] == short,
				long[:i]+long[i+1:] == short && (len(short) > 5 || i > 0 && long[i] == long[i-1]):
				return known
			}
		}
	}
	return ""
}
