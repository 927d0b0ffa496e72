package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// shownPath returns a path as a user would type it here: relative if the file is in
// or below the current folder.
func shownPath(path string) string {
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// writeReport prints the diagnostics of a configuration if err is a report, and
// says whether it is one.
func writeReport(w io.Writer, err error, opts diag.TextOptions) bool {
	var report *diag.Report
	if !errors.As(err, &report) {
		return false
	}
	_ = diag.WriteText(w, report, opts) // there is nowhere left to report an error
	return true
}

// textOptions returns how diagnostics are printed on standard error.
func textOptions(c terminal.Color) diag.TextOptions {
	return diag.TextOptions{Color: c.On(os.Stderr), Width: c.Look(os.Stderr).Width, Wrap: terminal.Wrap}
}

// remark prints a remark, such as an error or a hint, on lines that fit the terminal,
// if w is one.
func remark(w io.Writer, format string, args ...any) {
	text := terminal.WrapRemark(strings.TrimSuffix(fmt.Sprintf(format, args...), "\n"), terminal.Auto.Look(w).Width)
	_, _ = io.WriteString(w, text+"\n") // there is nowhere left to report an error
}
