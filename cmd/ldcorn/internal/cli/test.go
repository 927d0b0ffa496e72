package cli

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/confine"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/tests"
)

// exitTests is the exit code of check and test if a test has failed, or if the tests
// have hit too few routes.
const exitTests = 3

// formatJUnit is the format of test reports that CI systems read.
const formatJUnit = "junit"

// testFlags are the flags of ldcorn test.
type testFlags struct {
	envFlags
	set       setFlags
	python    pythonFlags
	run       string
	coverage  bool
	failUnder float64
	format    outputFormat
	maxSteps  uint64
	timeout   time.Duration
	diagText  diag.TextOptions
	cell      *confine.Cell
}

// newTestCommand returns the command that runs the tests of a configuration.
func newTestCommand(opts *rootOptions) *cobra.Command {
	f := &testFlags{}
	cmd := &cobra.Command{
		Use:         "test [FILE]",
		Annotations: traits(evaluates, takesFiles),
		Short:       "Run the tests in a configuration and beside it",
		Long: `Run the tests in a configuration and beside it: functions named test_… in the
configuration and in the files *_test.star of its folder, in the order of the text.

  def test_routes(t):
      t.route("GET /ml-pipeline/x", to = "ml_heavy")
      t.route("GET /", headers = {"x-tenant": "acme"}, to = "gold")

test starts no workers and sends no request: the router and the routes say where a request
would go. Exits 0 when all tests pass, 3 when one fails or the tests hit fewer routes than
--fail-under asks for, 2 when --run fits no test, and 1 when the configuration has errors
or cannot be read.`,
		Example: `  ldcorn test
  ldcorn test --run 'tenant|beta'
  ldcorn test --coverage --fail-under 90
  ldcorn test --format junit > report.xml`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeConfig,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := opts.configPath(args)
			if err != nil {
				return err
			}
			f.diagText, f.cell = textOptions(opts.color), opts.cell
			return f.execute(cmd.Context(), shownPath(path), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.run, "run", "", "run the tests whose names the regular expression `RE` matches somewhere")
	flags.BoolVar(&f.coverage, "coverage", false, "name the routes that no test has hit")
	flags.Float64Var(&f.failUnder, "fail-under", 0, "exit 3 when the tests hit less than `N` percent of the routes")
	f.format.addTo(cmd, "print the results as JSON", formatJUnit)
	f.addFlags(flags)
	f.set.addFlags(flags)
	f.python.addFlags(flags)
	flags.Uint64Var(&f.maxSteps, "max-steps", config.DefaultMaxSteps, "stop a test, or the evaluation, after `N` steps")
	durationVar(flags, &f.timeout, "timeout", config.DefaultTimeout, "stop a test, or the evaluation, after this `DURATION`")
	return cmd
}

func (f *testFlags) execute(ctx context.Context, path string, stdout, stderr io.Writer) error {
	wanted, opts, err := f.options(stderr)
	if err != nil {
		return asUsage(err)
	}
	res, err := config.Evaluate(ctx, path, opts)
	if err != nil {
		return err
	}
	if res.Plan == nil {
		if err := diag.WriteText(stderr, res.Report, f.diagText); err != nil {
			return err
		}
		return &exitError{code: exitFailure}
	}
	all := len(res.Tests)
	if all == 0 && f.run == "" && len(res.Plan.Groups) > 0 {
		remark(stderr, "hint: a test is a function of the configuration or of a file beside it whose name ends in _test.star, such as\n"+
			"  def test_home(t): t.route(\"GET /\", to=%q)", res.Plan.Groups[0].Name)
	}
	res.Tests = slices.DeleteFunc(res.Tests, func(t config.Test) bool { return !wanted.MatchString(t.Name) })
	switch {
	case f.run != "" && all == 0:
		return usageError("--run %q matches no test: the configuration has none", f.run)
	case all > 0 && len(res.Tests) == 0:
		return usageError("--run %q matches the name of none of the %s", f.run, terminal.Count(all, "test"))
	}
	report, err := runTests(ctx, res, opts)
	if err != nil {
		return err
	}
	if err := f.write(stdout, stderr, report, res.Report.Sources); err != nil {
		return err
	}
	if report.Failed() > 0 || report.Coverage.Percent() < f.failUnder {
		return &exitError{code: exitTests}
	}
	return nil
}

// options returns the names of the tests that the flags ask for, and the options of
// the evaluation.
func (f *testFlags) options(stderr io.Writer) (wanted *regexp.Regexp, opts config.Options, err error) {
	switch {
	case f.failUnder < 0 || f.failUnder > 100:
		return nil, opts, fmt.Errorf("--fail-under %g: want 0 to 100", f.failUnder)
	case f.maxSteps == 0:
		return nil, opts, fmt.Errorf("--max-steps 0: want 1 or more")
	case f.timeout <= 0:
		return nil, opts, fmt.Errorf("--timeout %s: want more than 0", f.timeout)
	}
	if wanted, err = regexp.Compile(f.run); err != nil {
		return nil, opts, fmt.Errorf("--run %q: %w", f.run, err)
	}
	opts = config.Options{Tests: true, Print: stderr, MaxSteps: f.maxSteps, Timeout: f.timeout, Watch: f.cell.Watch}
	if err := f.python.check(); err != nil {
		return nil, opts, err
	}
	if opts.Set, err = f.set.values(); err != nil {
		return nil, opts, err
	}
	err = f.envFlags.apply(&opts)
	f.python.Env = opts.Env
	f.python.Apply(&opts, f.cell)
	return wanted, opts, err
}

// runTests runs the tests that an evaluation found.
func runTests(ctx context.Context, res *config.Result, opts config.Options) (*tests.Report, error) {
	return tests.Run(ctx, res.Tests, testOptions(res, opts))
}

func testOptions(res *config.Result, opts config.Options) tests.Options {
	return tests.Options{
		Evaluate: tests.Evaluator(shownPath(res.Plan.Path), opts),
		Plan:     res.Plan, Sources: res.Report.Sources, Hidden: &res.Report.Hidden, MaxSteps: opts.MaxSteps, Timeout: opts.Timeout, Watch: opts.Watch,
		Print: func(at diag.Span, msg string) { _, _ = io.WriteString(opts.Print, config.Printed(at, msg)) },
	}
}

func (f *testFlags) write(stdout, stderr io.Writer, report *tests.Report, sources *diag.Sources) error {
	switch f.format.name {
	case formatJSON:
		return tests.WriteJSON(stdout, report)
	case formatJUnit:
		return tests.WriteJUnit(stdout, report, sources)
	}
	failures := &diag.Report{Sources: sources}
	report.AddTo(failures)
	if err := diag.WriteText(stderr, failures, f.diagText); err != nil {
		return err
	}
	return f.writeText(stdout, report)
}

// writeText lists the tests and the routes that they hit.
func (f *testFlags) writeText(w io.Writer, report *tests.Report) error {
	var b strings.Builder
	for i := range report.Results {
		res := &report.Results[i]
		verdict := "ok  "
		if len(res.Failures) > 0 {
			verdict = "FAIL"
		}
		fmt.Fprintf(&b, "%s  %s  %s:%d\n", verdict, res.Test.Name, res.Test.Span.File, res.Test.Span.Line)
	}
	b.WriteString(testSummary(report) + "\n")
	c := &report.Coverage
	if f.coverage || f.failUnder > 0 {
		fmt.Fprintf(&b, "routes hit: %d of %d, %.1f %%\n", c.Hit, c.Routes, c.Percent())
		for _, m := range c.Missed {
			fmt.Fprintf(&b, "  never hit: %s of %s  %s\n", m.Route, m.Group, m.Pos)
		}
	}
	if c.Percent() < f.failUnder {
		fmt.Fprintf(&b, "less than --fail-under %g\n", f.failUnder)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// testSummary returns how many tests passed and failed.
func testSummary(report *tests.Report) string {
	n, failed := len(report.Results), report.Failed()
	switch {
	case n == 0:
		return "no tests"
	case failed == 0:
		return terminal.Count(n, "test") + " passed"
	}
	return fmt.Sprintf("%s failed, %d passed", terminal.Count(failed, "test"), n-failed)
}
