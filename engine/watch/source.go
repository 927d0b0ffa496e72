package watch

import (
	"os"
	"path/filepath"
	"strings"
)

// dotenv is the name of the file with variables that many apps read themselves.
const dotenv = ".env"

// IsSource reports whether a file can be a part of an app, by its name. It is
// false for the temporary files of editors.
func IsSource(path string) bool {
	name := filepath.Base(path)
	switch {
	case name == dotenv:
		return true
	case name[0] == '.', strings.HasPrefix(name, "flycheck_"), strings.HasSuffix(name, "_flymake.py"):
		return false
	}
	return strings.HasSuffix(name, ".py")
}

// notCode are the names of folders that have no code of the user.
var notCode = map[string]bool{"node_modules": true, "__pycache__": true, "site-packages": true, "__pypackages__": true}

// isSkipped reports whether a folder with that name is left out. Hidden folders
// are: .git, .venv, .mypy_cache.
func isSkipped(name string) bool { return name[0] == '.' || notCode[name] }

// isVenv reports whether a folder is a virtual environment, whatever its name.
func isVenv(path string) bool {
	_, err := os.Lstat(filepath.Join(path, "pyvenv.cfg"))
	return err == nil
}
