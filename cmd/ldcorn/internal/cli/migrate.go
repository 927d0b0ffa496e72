package cli

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/starlark/python"
)

// defaultPython is the file to migrate if the command line names none.
const defaultPython = "ldconfig.py"

const defaultCaptureTimeout = 30 * time.Second

// migrateFlags are the flags of ldcorn migrate.
type migrateFlags struct {
	envFlags
	*rootOptions
	output  string
	force   bool
	exec    bool
	noExec  bool
	verify  bool
	partial bool
	python  string
	timeout time.Duration
}

// newMigrateCommand returns the command that rewrites a Python configuration in
// Starlark.
func newMigrateCommand(opts *rootOptions) *cobra.Command {
	f := &migrateFlags{rootOptions: opts}
	cmd := &cobra.Command{
		Use:         "migrate [FILE.py]",
		Annotations: traits(evaluates, takesFiles),
		Short:       "Rewrite a Python configuration in Starlark",
		Long: `Rewrite a Python configuration in Starlark.

migrate rewrites the text and runs nothing: it removes imports, os.environ["X"] becomes
env("X"), an f-string becomes a call of format, and so on. Comments and layout stay. If
some code cannot be rewritten, migrate shows its place and writes nothing. It evaluates
the result before it writes it.

With --exec, Python runs the file once, with a stand-in for ldcorn.config, and migrate
writes the resulting configuration as literals. This is for configurations that read
files or need other packages. Values of the environment and of files, secrets too, become
part of the result; migrate names the variables and the files.

With --verify, Python runs the file as well, and migrate compares the two plans.
--no-exec refuses both.

Exits 0, or 1 when some code cannot be rewritten, the result has errors, or the plans
differ.`,
		Example: `  ldcorn migrate ldconfig.py
  ldcorn migrate ldconfig.py -o ldconfig.star --verify
  ldcorn migrate ldconfig.py -o ldconfig.star --exec --env-file prod.env`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := f.path(args)
			if err != nil {
				return err
			}
			// The interpreter has a process group of its own, which INT from a
			// terminal does not reach.
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
			defer stop()
			return f.run(ctx, path, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.output, "output", "o", "", "write to a `FILE` instead of stdout")
	flags.BoolVar(&f.force, "force", false, "overwrite an existing file")
	flags.BoolVar(&f.exec, "exec", false, "run the Python once and write its configuration as literals")
	flags.BoolVar(&f.noExec, "no-exec", false, "never run Python: refuse --exec and --verify")
	flags.BoolVar(&f.verify, "verify", false, "run the Python once and compare the plans")
	flags.BoolVar(&f.partial, "partial", false, "write as much as can be rewritten, with comments at the rest")
	flags.StringVar(&f.python, "python", "", "the interpreter `FILE` of --exec and --verify (default as for workers: $VIRTUAL_ENV, .venv, the environment of ldcorn, python3)")
	durationVar(flags, &f.timeout, "timeout", defaultCaptureTimeout, "stop the Python after this `DURATION`")
	f.addFlags(flags)
	return cmd
}

// path returns the file to migrate. It checks the flags.
func (f *migrateFlags) path(args []string) (string, error) {
	if f.config == "" && len(args) == 0 {
		if _, err := os.Stat(defaultPython); errors.Is(err, os.ErrNotExist) {
			return "", usageError("this folder has no %s; name the file to migrate", defaultPython)
		}
		args = []string{defaultPython}
	}
	path, err := f.configPath(args)
	switch {
	case err != nil:
		return "", err
	case !python.Is(path):
		return "", usageError("%s is not a Python file: its name does not end in .py", shownPath(path))
	case f.noExec && f.exec:
		return "", usageError("got --no-exec and --exec, want one of them")
	case f.noExec && f.verify:
		return "", usageError("got --no-exec and --verify, which runs the Python; want one of them")
	case f.exec && f.verify:
		return "", usageError("--verify compares with the result of --exec; choose one of them")
	case f.exec && f.partial:
		return "", usageError("--exec writes all or nothing; --partial is for rewriting")
	case f.timeout <= 0:
		return "", usageError("--timeout %s: want more than 0", f.timeout)
	case f.python != "" && !f.exec && !f.verify:
		return "", usageError("--python is for --exec and --verify")
	case python.Is(f.output):
		return "", usageError("-o %s: the result is Starlark; name it .star", f.output)
	}
	if f.output == "" {
		return shownPath(path), nil
	}
	folder := filepath.Dir(f.output)
	switch info, err := os.Stat(f.output); {
	case err != nil && !isFolder(folder):
		return "", &exitError{exitFailure, fmt.Errorf("-o %s: there is no folder %s", f.output, folder)}
	case err != nil:
	case info.IsDir():
		return "", usageError("-o %s: it is a folder; name the file in it", f.output)
	case !f.force:
		return "", fmt.Errorf("%s already exists; use --force to overwrite it", f.output)
	}
	return shownPath(path), nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
