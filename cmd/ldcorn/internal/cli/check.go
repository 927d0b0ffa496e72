package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/machine"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/confine"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// formatGitHub is the format of annotations in GitHub Actions.
const formatGitHub = "github"

// checkFlags are the flags of ldcorn check.
type checkFlags struct {
	envFlags
	set          setFlags
	python       pythonFlags
	strict       bool
	allowMissing bool
	imports      bool
	format       outputFormat
	verbose      bool
	maxSteps     uint64
	timeout      time.Duration
	text         diag.TextOptions // of diagnostics
	width        int              // of standard output; 0 = no limit
	cell         *confine.Cell
}

// newCheckCommand returns the command that evaluates a configuration and shows its
// errors and warnings. It starts no workers.
func newCheckCommand(opts *rootOptions) *cobra.Command {
	f := &checkFlags{}
	cmd := &cobra.Command{
		Use:         "check [FILE]",
		Annotations: traits(evaluates, takesFiles, reportsAs),
		Short:       "Evaluate a configuration and show everything that is wrong with it",
		Long: `Evaluate a configuration and show everything that is wrong with it.

check changes nothing and starts no workers. It runs the tests of the configuration, as
"ldcorn test" does. It warns where this machine lacks the interpreter, the folder or the
app of a group; with --import it starts each interpreter, which must import the app.
Python runs a configuration in Python that is beyond the language, unless --no-exec
forbids it, as for the branch of a stranger. Exits 0 when the configuration is fine,
1 when it has errors (or warnings, with --strict) or cannot be read, 3 when a test
fails.`,
		Example: `  ldcorn check
  ldcorn check ldconfig.star --import
  ldcorn check --env PORT=8000 --env-file prod.env --strict
  ldcorn check --format github --no-exec`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeConfig,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := opts.configPath(args)
			if err != nil {
				return err
			}
			f.text, f.width, f.cell = textOptions(opts.color), opts.color.Look(cmd.OutOrStdout()).Width, opts.cell
			return f.run(cmd.Context(), shownPath(path), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.strict, "strict", false, "exit 1 on warnings too")
	f.addFlags(flags)
	f.set.addFlags(flags)
	f.python.addFlags(flags)
	flags.BoolVar(&f.allowMissing, "allow-missing-env", false, "go on without variables that are not set")
	flags.BoolVar(&f.imports, "import", false, "import each group's app with its interpreter")
	f.format.addTo(cmd, "print diagnostics as JSON", formatGitHub)
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "list the files and variables that were read")
	flags.Uint64Var(&f.maxSteps, "max-steps", config.DefaultMaxSteps, "stop the evaluation after `N` steps")
	durationVar(flags, &f.timeout, "timeout", config.DefaultTimeout, "stop the evaluation after this `DURATION`")
	return cmd
}

// run checks the configuration at path.
func (f *checkFlags) run(ctx context.Context, path string, stdout, stderr io.Writer) error {
	evaluation, err := f.options(stderr)
	if err != nil {
		return asUsage(err)
	}
	res, err := config.Evaluate(ctx, path, evaluation)
	if err != nil {
		return err
	}
	if res.Plan != nil {
		if f.imports {
			f.cell.Outside(func() { importApps(ctx, res) })
			machine.LookBesideGroups(res)
		} else {
			machine.Look(res)
		}
		res.Report.Sort(path)
	}
	sound := res.Plan != nil && res.Report.Count(diag.Error) == 0
	passed := 0
	if sound && len(res.Tests) > 0 {
		report, err := runTests(ctx, res, evaluation)
		if err != nil {
			return err
		}
		passed = len(report.Results) - report.Failed()
		report.AddTo(res.Report)
		res.Report.Sort(path)
	}
	if err := f.write(res, path, passed, stdout, stderr); err != nil {
		return &exitError{exitFailure, err}
	}
	if sound && res.Report.Count(diag.Error) > 0 {
		return &exitError{code: exitTests}
	}
	if res.Report.Count(diag.Error) > 0 || f.strict && res.Report.Count(diag.Warning) > 0 {
		return &exitError{code: exitFailure}
	}
	return nil
}

// options returns the options that the flags set for the evaluation.
func (f *checkFlags) options(stderr io.Writer) (config.Options, error) {
	out := config.Options{
		AllowMissingEnv: f.allowMissing,
		Tests:           true,
		Print:           stderr,
		MaxSteps:        f.maxSteps,
		Timeout:         f.timeout,
		Watch:           f.cell.Watch,
	}
	switch {
	case f.maxSteps == 0:
		return out, errors.New("--max-steps 0: want 1 or more")
	case f.timeout <= 0:
		return out, fmt.Errorf("--timeout %s: want more than 0", f.timeout)
	}
	if f.python.NoExec && f.imports {
		return out, errors.New("got --no-exec and --import, which runs the apps; want one of them")
	}
	if err := f.python.check(); err != nil {
		return out, err
	}
	var err error
	if out.Set, err = f.set.values(); err != nil {
		return out, err
	}
	err = f.envFlags.apply(&out)
	f.python.Env = out.Env
	f.python.Apply(&out, f.cell)
	return out, err
}

// write prints the diagnostics and, if the configuration is fine, a summary.
func (f *checkFlags) write(res *config.Result, path string, passed int, stdout, stderr io.Writer) error {
	switch f.format.name {
	case formatJSON:
		return diag.WriteCheck(stdout, res.Report, pythonOf(res.Plan))
	case formatGitHub:
		if err := diag.WriteGitHubNote(stdout, path, pythonOf(res.Plan)); err != nil {
			return err
		}
		return diag.WriteGitHub(stdout, res.Report)
	}
	if err := diag.WriteText(stderr, res.Report, f.text); err != nil {
		return err
	}
	if f.verbose {
		if err := writeInputs(stdout, res.Inputs); err != nil {
			return err
		}
	}
	if res.Plan == nil || res.Report.Count(diag.Error) > 0 {
		return nil
	}
	var summary bytes.Buffer
	_ = writeSummary(&summary, path, verdict(res.Report), res.Plan) // memory never fails
	if _, err := io.WriteString(stdout, terminal.Wrap(summary.String(), f.width)); err != nil {
		return err
	}
	if text := rivals(os.Getenv("PATH")); text != "" {
		remark(stdout, "%s", text)
	}
	if !f.imports {
		fmt.Fprintln(stdout, "apps not imported: add --import to check that they can be")
	}
	if passed == 0 {
		return nil
	}
	_, err := fmt.Fprintf(stdout, "%s passed\n", terminal.Count(passed, "test"))
	return err
}
