package worker

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// FindPython returns the absolute path of the interpreter that runs a pool's
// workers: python= if it is given (a name is looked up on PATH, a relative
// path starts at configDir, the configuration's folder), else that of
// $VIRTUAL_ENV, else .venv/bin/python in configDir, else python3 on PATH. A
// symbolic link is not followed: Python finds its virtual environment by the
// path that it was started with.
func FindPython(pool *plan.Pool, configDir string) (string, error) {
	if pool.Python != "" {
		return givenPython(pool.Python, configDir)
	}
	var places []string
	if venv := os.Getenv("VIRTUAL_ENV"); venv != "" {
		places = append(places, filepath.Join(venv, "bin", "python"))
	}
	places = append(places, filepath.Join(configDir, ".venv", "bin", "python"))
	for _, path := range places {
		if isExecutable(path) {
			return filepath.Abs(path)
		}
	}
	path, err := exec.LookPath("python3")
	if err != nil {
		return "", fmt.Errorf("no Python found: tried %s and python3 on PATH; name one with python=", strings.Join(places, ", "))
	}
	return filepath.Abs(path)
}

func givenPython(python, configDir string) (string, error) {
	if !strings.ContainsRune(python, filepath.Separator) {
		path, err := exec.LookPath(python)
		if err != nil {
			return "", fmt.Errorf("python=%q: not found on PATH", python)
		}
		return filepath.Abs(path)
	}
	path := python
	if !filepath.IsAbs(path) {
		path = filepath.Join(configDir, path)
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("python=%q: there is no file %s", python, path)
	case err != nil:
		return "", fmt.Errorf("python=%q: %w", python, err)
	case info.IsDir():
		return "", fmt.Errorf("python=%q: %s is a folder; name the interpreter in it, such as %q", python, path, filepath.Join(python, "bin", "python"))
	case !isExecutable(path):
		return "", fmt.Errorf("python=%q: %s is not executable", python, path)
	}
	return filepath.Abs(path)
}

// CheckCwd says that a pool's cwd= is no folder, which starting an interpreter
// there would say less well.
func CheckCwd(pool *plan.Pool) error {
	if pool.Cwd == "" {
		return nil
	}
	if info, err := os.Stat(pool.Cwd); err != nil || !info.IsDir() {
		return fmt.Errorf("cwd=%q: there is no such folder", pool.Cwd)
	}
	return nil
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}
