//go:build linux

package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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

// Python returns the path of an interpreter that can run workers. It searches
// like scripts/get-uvicorn, so that a plain "go test" works wherever there is
// such an interpreter, and it installs nothing. It fails the test if it finds
// none.
func Python(t testing.TB) string {
	t.Helper()
	path, err := findPython(Root(t, ".venv", "bin", "python"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Oracle returns the path of an interpreter that has the Python ldcorn: that of
// $LDCORN_TEST_ORACLE, or of .oracle, which scripts/get-oracle makes. It fails the
// test if there is none.
func Oracle(t testing.TB) string {
	t.Helper()
	for _, path := range []string{os.Getenv("LDCORN_TEST_ORACLE"), Root(t, ".oracle", "bin", "python")} {
		if path != "" && exec.Command(path, "-c", "import ldcorn.cli").Run() == nil {
			return path
		}
	}
	t.Fatal("no Python with the Python ldcorn was found, and this test compares with it\n" +
		"hint: 'make test' installs it, and so does scripts/get-oracle alone")
	return ""
}

func findPython(ours string) (string, error) {
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
	candidates = append(candidates, ours, "python3", "/usr/bin/python3")
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

// WriteWrapper writes a python3 script that runs the given interpreter. A link
// would not work: Python finds a virtual environment next to the path that
// starts it.
func WriteWrapper(path, python string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, fmt.Appendf(nil, "#!/bin/sh\nexec '%s' \"$@\"\n", python), 0o755)
}
