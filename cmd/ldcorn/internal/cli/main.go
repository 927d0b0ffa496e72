package cli

import (
	"context"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/loader"
	"github.com/ldcorn/ldcorn/engine/quietlog"
	"github.com/ldcorn/ldcorn/starlark/confine"
	"github.com/ldcorn/ldcorn/starlark/lsp"
)

// The main goroutine has the main thread to itself, so that no other goroutine starts
// a process there: see orphan.Family.While.
func init() { runtime.LockOSThread() }

// Main runs the command line of the process and returns its exit code. If the process
// was started to evaluate a configuration in confinement, Main does that instead.
// The main goroutine must call it.
func Main(build Build) int {
	quietlog.End()
	cell := confine.Enter()
	if cell != nil && cell.Purpose == loader.Purpose {
		return loader.Try(cell, os.Stdin, os.Stdout)
	}
	if cell != nil && cell.Purpose == lsp.Purpose {
		return lsp.Work(cell, os.Stdin, os.Stdout, lspHelpers)
	}
	if text := confine.Warning(); cell == nil && text != "" {
		remark(os.Stderr, "ldcorn: warning: %s", text)
	}
	opts := &rootOptions{build: build, confine: cell == nil, cell: cell}
	root := newRootCommand(opts)
	root.SetArgs(longFlags(os.Args[1:]))
	if len(os.Args) > 1 && os.Args[1] == cobra.ShellCompRequestCmd {
		plainUsages(root)
	}
	stdout, stderr := opts.color.Writer(os.Stdout), opts.color.Writer(os.Stderr)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(context.Background())
	code := exitCode(stderr, cmd, err, opts.started)
	_, _ = stdout.Flush(), stderr.Flush() // there is nowhere left to report an error
	return code
}

// longFlags turns -run into --run, for people who know go test.
func longFlags(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		if arg == "--" {
			break
		}
		if arg == "-run" || strings.HasPrefix(arg, "-run=") {
			out[i] = "-" + arg
		}
	}
	return out
}

// Command returns the command line of a build, for those who describe it. It is not for
// running: Main does that.
func Command(build Build) *cobra.Command { return newRootCommand(&rootOptions{build: build}) }
