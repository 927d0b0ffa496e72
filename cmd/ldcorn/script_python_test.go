//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// pythonProbe fails in an interpreter without Uvicorn or without a websocket
// library, and prints the interpreter's own path.
const pythonProbe = `
import sys, uvicorn
try:
    import websockets
except ImportError:
    import wsproto
print(sys.executable)
`

// findPython searches as scripts/get-uvicorn does, so that a plain "go test"
// works wherever such an interpreter is. It installs nothing.
func findPython() (string, error) {
	if named := os.Getenv("LDCORN_TEST_PYTHON"); named != "" {
		path, err := probePython(named)
		if err != nil {
			return "", fmt.Errorf("LDCORN_TEST_PYTHON=%s: %w", named, err)
		}
		return path, nil
	}
	var candidates []string
	if env := os.Getenv("VIRTUAL_ENV"); env != "" {
		candidates = append(candidates, filepath.Join(env, "bin", "python"))
	}
	candidates = append(candidates, filepath.Join("..", "..", ".venv", "bin", "python"), "python3", "/usr/bin/python3")
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		for _, pattern := range []string{"python3.[0-9]", "python3.[0-9][0-9]"} {
			found, _ := filepath.Glob(filepath.Join(dir, pattern))
			candidates = append(candidates, found...)
		}
	}
	for _, c := range candidates {
		if path, err := probePython(c); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Python with Uvicorn and websockets was found, and these tests start real workers\n" +
		"hint: 'make test' installs what they need")
}

func probePython(path string) (string, error) {
	out, err := exec.Command(path, "-c", pythonProbe).Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return "", fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}
