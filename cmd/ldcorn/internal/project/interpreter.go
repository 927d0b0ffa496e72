package project

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/ldcorn/ldcorn/engine/regular"
)

// A Python is the interpreter of a project.
type Python struct {
	Path    string // in the project, or "" if none was found there
	Default bool   // ldcorn finds it without python=
	Uvicorn bool   // Uvicorn is installed there
	Tool    string // what manages the environment: "uv", "poetry", "pipenv" or ""
	Broken  string // an environment without an interpreter, or ""
}

// environments are the usual names of virtual environments. ldcorn itself looks
// for the first one, beside the configuration.
var environments = []string{".venv", "venv", "env", "virtualenv"}

// python finds the interpreter for the likeliest app: in the folder of the project,
// or in the one in which the app runs.
func (l *look) python() Python {
	folders := []string{"."}
	if len(l.p.Apps) > 0 && l.p.Apps[0].Cwd != "." {
		folders = []string{l.p.Apps[0].Cwd, "."}
	}
	out := Python{Tool: l.tool(folders)}
	for _, folder := range folders {
		for _, name := range environments {
			env := path.Join(folder, name)
			if !l.names[env] && !l.isFolder(env) {
				continue
			}
			python := path.Join(env, "bin", "python")
			if info, err := os.Stat(filepath.Join(l.dir, python)); err != nil || !info.Mode().IsRegular() {
				if l.isFolder(path.Join(env, "bin")) && out.Broken == "" {
					out.Broken = env
				}
				continue
			}
			found, _ := filepath.Glob(filepath.Join(escapeGlob(l.dir), env, "lib", "python3*", "site-packages", "uvicorn"))
			out.Path, out.Default, out.Uvicorn = python, env == ".venv", len(found) > 0
			return out
		}
	}
	return out
}

// escapeGlob makes a pattern of a path that matches only the path.
func escapeGlob(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(s)
}

func (l *look) isFolder(name string) bool {
	info, err := os.Stat(filepath.Join(l.dir, name))
	return err == nil && info.IsDir()
}

// tool returns what manages the environment of the project, by its lock file.
func (l *look) tool(folders []string) string {
	for _, folder := range folders {
		for _, known := range [][2]string{{"uv.lock", "uv"}, {"poetry.lock", "poetry"}, {"Pipfile", "pipenv"}} {
			if l.has(folder, known[0]) {
				return known[1]
			}
		}
		text, err := regular.ReadFile(filepath.Join(l.dir, folder, "pyproject.toml"), maxFileSize)
		switch {
		case err != nil:
		case strings.Contains(string(text), "[tool.poetry]"):
			return "poetry"
		case strings.Contains(string(text), "[tool.uv"):
			return "uv"
		}
	}
	return ""
}
