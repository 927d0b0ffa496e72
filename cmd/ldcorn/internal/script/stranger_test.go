//go:build linux

package script

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// nobody is the id of a user without rights, and of its group.
const nobody = 65534

// uvicornParts prints the folders and files of what Uvicorn needs.
const uvicornParts = `
import uvicorn, h11, click
for module in uvicorn, h11, click:
    print(module.__path__[0])
try:
    import typing_extensions
    print(typing_extensions.__file__)
except ImportError:
    pass
`

// cmdStranger lets every user into $WORK, and finds an interpreter that the user nobody
// can run: that of the tests can be in a folder of root. Only root can call it.
//
//	stranger    sets STRANGER_PYTHON to the interpreter, and STRANGER_PATH to a folder with Uvicorn
func cmdStranger(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: stranger")
	}
	work, python := ts.Getenv("WORK"), ts.Getenv("PYTHON")
	for _, folder := range []string{work, filepath.Dir(work)} {
		ts.Check(os.Chmod(folder, 0o755))
	}
	packages := filepath.Join(work, ".packages")
	out, err := exec.Command(python, "-c", uvicornParts).Output()
	ts.Check(err)
	for path := range strings.FieldsSeq(string(out)) {
		to := filepath.Join(packages, filepath.Base(path))
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			ts.Check(os.MkdirAll(packages, 0o755))
			text, err := os.ReadFile(path)
			ts.Check(err)
			ts.Check(os.WriteFile(to, text, 0o644))
			continue
		}
		ts.Check(os.CopyFS(to, os.DirFS(path)))
	}
	found, err := pythonOfNobody(python, packages)
	ts.Check(err)
	ts.Setenv("STRANGER_PYTHON", found)
	ts.Setenv("STRANGER_PATH", packages)
}

// pythonOfNobody returns an interpreter that the user nobody can run, and that can
// import Uvicorn from a folder.
func pythonOfNobody(python, packages string) (string, error) {
	candidates := []string{python, "/usr/bin/python3", "/usr/local/bin/python3"}
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		found, _ := filepath.Glob(filepath.Join(folder, "python3*")) // the pattern is good
		candidates = append(candidates, found...)
	}
	for _, path := range candidates {
		cmd := exec.Command(path, "-c", "import uvicorn")
		cmd.Dir, cmd.Env = "/", []string{"PYTHONPATH=" + packages, "PYTHONDONTWRITEBYTECODE=1"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		if cmd.Run() == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("the user nobody can run none of %d interpreters; install one outside the folders of root, as with apt-get install python3", len(candidates))
}
