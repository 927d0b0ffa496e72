package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// pythonScript recognizes the command of the Python ldcorn, which pip, uv and others
// write in several ways.
var pythonScript = regexp.MustCompile(`(?m)^#!(?s:.*)^(from|import) ldcorn\b`)

// rivals says which ldcorn is first on a search path, if the Python ldcorn is on it. It
// returns "" otherwise.
func rivals(search string) string {
	first, python := "", ""
	for _, dir := range filepath.SplitList(search) {
		path := filepath.Join(dir, "ldcorn")
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || unix.Access(path, unix.X_OK) != nil {
			continue
		}
		if first == "" {
			first = path
		}
		if isPythonScript(path) {
			python = path
			break
		}
	}
	switch python {
	case "":
		return ""
	case first:
		return fmt.Sprintf("`ldcorn` on PATH is the Python version, %s: to run this one, call it %s, or write `pip uninstall ldcorn`",
			visible.String(python), visible.String(callName()))
	default:
		return fmt.Sprintf("`ldcorn` on PATH is %s, and the Python version, %s, comes after it", visible.String(first), visible.String(python))
	}
}

// callName returns a name by which a shell runs this program whatever ldcorn on PATH is:
// that of the wheel, or its path.
func callName() string {
	program, err := os.Executable()
	if err != nil {
		return "by its path"
	}
	if filepath.Base(program) == "ldcorn-go" {
		return "ldcorn-go"
	}
	return program
}

func isPythonScript(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	begin, _ := io.ReadAll(io.LimitReader(f, 4096))
	return bytes.HasPrefix(begin, []byte("#!")) && pythonScript.Match(begin)
}
