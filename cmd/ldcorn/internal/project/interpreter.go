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

// python finds the interpreter for the likeliest app: in the folder in which the app
// runs, in that of the project, or in one above it in the same repository.
func (l *look) python() Python {
	folders := []string{"."}
	if len(l.p.Apps) > 0 && l.p.Apps[0].Cwd != "." {
		folders = []string{l.p.Apps[0].Cwd, "."}
	}
	folders = append(folders, l.above()...)
	out := Python{Tool: l.tool(folders)}
	for _, folder := range folders {
		for _, name := range environments {
			env := path.Join(folder, name)
			if !l.isFolder(env) {
				continue
			}
			python := path.Join(env, "bin", "python")
			if info, err := os.Stat(filepath.Join(l.dir, python)); err != nil || !info.Mode().IsRegular() {
				if l.isFolder(path.Join(env, "bin")) && out.Broken == "" {
					out.Broken = env
				}
				continue
			}
			out.Path, out.Default, out.Uvicorn = python, env == ".venv", l.hasUvicorn(env)
			return out
		}
	}
	return out
}

// maxAbove limits how many folders above that of a project can have its environment.
const maxAbove = 3

// above returns the folders above that of the project, up to that of the repository.
func (l *look) above() []string {
	var out []string
	for up := "."; len(out) < maxAbove; {
		if _, err := os.Lstat(filepath.Join(l.dir, up, ".git")); err == nil {
			return out
		}
		up = path.Join(up, "..")
		out = append(out, up)
	}
	return nil // there is no repository
}

// hasUvicorn reports whether an environment has Uvicorn, or can have that of the
// system.
func (l *look) hasUvicorn(env string) bool {
	found, _ := filepath.Glob(filepath.Join(escapeGlob(l.dir), env, "lib", "python3*", "site-packages", "uvicorn"))
	text, err := regular.ReadFile(filepath.Join(l.dir, env, "pyvenv.cfg"), maxFileSize)
	return len(found) > 0 || err == nil && strings.Contains(string(text), "include-system-site-packages = true")
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
			if _, err := os.Stat(filepath.Join(l.dir, folder, known[0])); err == nil {
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
