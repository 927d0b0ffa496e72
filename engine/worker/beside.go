package worker

import (
	"os"
	"path/filepath"
)

// executable finds the running program, with links followed. Tests replace it.
var executable = os.Executable

// besideProgram returns the interpreter of the Python environment that the running
// program is installed in, as pip does it, or "" if it is not in one, or if the
// environment has no Uvicorn. A folder such as /usr/local/bin that has both the program
// and an interpreter by chance is no such environment.
func besideProgram() string {
	program, err := executable()
	if err != nil {
		return ""
	}
	bin := filepath.Dir(program)
	root := filepath.Dir(bin)
	_, err = os.Lstat(filepath.Join(root, "pyvenv.cfg"))
	virtual := err == nil
	for _, lib := range []string{"site-packages", "dist-packages"} {
		folders, _ := filepath.Glob(filepath.Join(globbed(root), "lib", "python3*", lib))
		for _, packages := range folders {
			if !virtual && !holds(packages, "ldcorn_go-*.dist-info") || !holds(packages, "uvicorn") && !holds(packages, "uvicorn-*.dist-info") {
				continue
			}
			// An environment that is not virtual can have several versions.
			for _, name := range []string{filepath.Base(filepath.Dir(packages)), "python3", "python"} {
				if path, err := runnable(filepath.Join(bin, name)); err == nil {
					return path
				}
			}
		}
	}
	return ""
}

// holds reports whether a folder has a file that matches a pattern.
func holds(folder, pattern string) bool {
	found, _ := filepath.Glob(filepath.Join(globbed(folder), pattern))
	return len(found) > 0
}

// globbed returns a pattern that matches only a path.
func globbed(path string) string {
	out := make([]byte, 0, len(path))
	for i := range len(path) {
		if c := path[i]; c == '*' || c == '?' || c == '[' || c == '\\' {
			out = append(out, '\\')
		}
		out = append(out, path[i])
	}
	return string(out)
}
