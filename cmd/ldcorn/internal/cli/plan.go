package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/loader"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/regular"
	"github.com/ldcorn/ldcorn/starlark/config"
)

// The exit codes of plan --detailed-exitcode, besides 0 where nothing changes.
const (
	exitApplies = 2 // a reload applies all of the plan
	exitPartial = 3 // a part needs --replace, or a stop and a start of ldcorn
)

// againstNothing is the value of --against that makes everything new.
const againstNothing = "none"

// planFlags are the flags of ldcorn plan.
type planFlags struct {
	*masterOptions
	python   pythonFlags
	set      masterSetFlags
	env      envFlags
	against  string
	out      string
	format   outputFormat
	detailed bool
	verbose  bool
	replace  []string
	all      bool
}

// newPlanCommand returns the command that shows what a reload would do.
func newPlanCommand(opts *rootOptions) *cobra.Command {
	f := &planFlags{masterOptions: &masterOptions{rootOptions: opts}}
	cmd := &cobra.Command{
		Use:         "plan [FILE]",
		Annotations: traits(evaluates, takesFiles),
		Short:       "Show what a reload would do, and change nothing",
		Long: `Show what a reload would do, and change nothing.

The running master evaluates its configuration as a reload would, in its own
environment, and compares it with what runs. With --against, plan asks no master: it
compares FILE with another configuration, with a plan that --out wrote, or with nothing.
--set gives an argument of the new configuration another value; without it, the arguments
keep what the master has.

  =  kept as it is                  +  added, or that many workers more
  ~  changed without new processes  -  removed, or that many workers less
  ±  every worker replaced          !  left as it is; the line says why

Exits 0, or 1 when there is no plan. With --detailed-exitcode, 0 means that nothing
changes, 2 that a reload applies everything, and 3 that some of it needs
"ldcorn reload --replace", or a stop and a start of ldcorn.`,
		Example: `  ldcorn plan
  ldcorn plan --detailed-exitcode --json
  ldcorn plan --out p.json
  ldcorn plan --set workers=4
  ldcorn plan new.star --against ldconfig.star
  ldcorn plan --against none`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeConfig,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.addFlags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.against, "against", "", "compare with a `FILE`: a configuration, a plan that --out wrote, or none")
	flags.StringVar(&f.out, "out", "", "write the plan as JSON to a `FILE`, for reload --plan and --against")
	f.set.addFlags(flags)
	f.completeArgs(cmd)
	f.env.addFlags(flags)
	f.python.addFlags(flags)
	f.format.addTo(cmd, "print the plan as JSON")
	flags.BoolVar(&f.detailed, "detailed-exitcode", false, "exit 2 or 3 where a reload would change something")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "also show the files and variables that were read")
	flags.StringArrayVar(&f.replace, "replace", nil, "as reload --replace `GROUP` would: as well as what a reload replaces anyway (repeatable)")
	mustComplete(cmd, "replace", f.completeGroupFlag)
	flags.BoolVar(&f.all, "all", false, "as reload --all would")
	return cmd
}

func (f *planFlags) run(cmd *cobra.Command, args []string) error {
	path, err := f.configPath(args)
	if err != nil && (f.against != "" || !errors.Is(err, errBothConfigs)) {
		return err
	}
	f.config = path // "" if the master decides
	report, err := f.report(cmd, path)
	if err != nil {
		return err
	}
	if f.out != "" {
		if err := writePlanFile(f.out, report); err != nil {
			return err
		}
	}
	report.Record = nil // for files
	stdout := cmd.OutOrStdout()
	if f.format.isJSON() {
		err = api.Write(stdout, report)
	} else {
		err = writePlan(stdout, report, f.color.Look(stdout), f.verbose)
	}
	if err != nil || !f.detailed {
		return err
	}
	switch report.Outcome() {
	case api.OutcomeApplies:
		return &exitError{code: exitApplies}
	case api.OutcomePartial:
		return &exitError{code: exitPartial}
	}
	return nil
}

// report asks the master, or compares two files in this process.
func (f *planFlags) report(cmd *cobra.Command, path string) (*api.Plan, error) {
	if f.against != "" {
		return f.offline(cmd.Context(), path, cmd.ErrOrStderr())
	}
	if len(f.env.env)+len(f.env.envFiles) > 0 {
		return nil, usageError("plan: --env and --env-file are for --against; the master has the environment and the files of its start")
	}
	if name := f.python.given(cmd); name != "" {
		return nil, usageError("plan: %s is for --against; the master has the flags of its start", name)
	}
	ctx, client, done, err := f.connect(cmd)
	if errors.Is(err, errNoMaster) {
		return nil, fmt.Errorf("%w; ldcorn plan --against none needs no master", err)
	}
	if err != nil {
		return nil, err
	}
	defer done()
	if other := beside(f.former); other != "" {
		remark(cmd.ErrOrStderr(), "hint: this is the plan of %s; to compare the two: ldcorn plan %s --against %[1]s", shownPath(f.former), shownPath(other))
	}
	settings, err := f.set.settings()
	if err != nil {
		return nil, err
	}
	return client.Plan(ctx, api.PlanRequest{Replace: f.replace, All: f.all, ArgSettings: settings})
}

// offline compares the configuration at path with the base.
func (f *planFlags) offline(ctx context.Context, path string, stderr io.Writer) (*api.Plan, error) {
	if f.socket != "" {
		return nil, usageError("got --against and --control, want one of them")
	}
	salt := make([]byte, 16)
	rand.Read(salt) // never fails
	if err := f.python.check(); err != nil {
		return nil, err
	}
	opts := config.Options{Print: stderr, Salt: salt, Watch: f.cell.Watch}
	if err := f.env.apply(&opts); err != nil {
		return nil, err
	}
	f.python.Env = opts.Env
	f.python.Apply(&opts, f.cell)
	if len(f.set.unset) > 0 {
		return nil, usageError("plan: --unset is for a running master; with --against, nothing is set but what --set gives")
	}
	set, err := f.set.values()
	if err != nil {
		return nil, err
	}
	of := opts
	of.Set = set
	next, warnings, err := f.evaluate(ctx, path, of, stderr)
	if err != nil {
		return nil, err
	}
	base, old, err := f.base(ctx, opts, stderr)
	if err != nil {
		return nil, err
	}
	diff := plan.ReplaceOptions(f.replace, f.all)
	report := plan.NewReport(base, next, plan.Diff(old, next, diff), diff)
	report.Diagnostics = append(report.Diagnostics, warnings...)
	report.Record = next.Record(salt)
	return report, nil
}

// base returns the plan that --against names, or a nil plan for nothing.
func (f *planFlags) base(ctx context.Context, opts config.Options, stderr io.Writer) (api.PlanBase, *plan.Plan, error) {
	if f.against == againstNothing {
		return api.PlanBase{Kind: api.BaseNothing}, nil, nil
	}
	path, err := filepath.Abs(f.against)
	if err != nil {
		return api.PlanBase{}, nil, err
	}
	base := api.PlanBase{Kind: api.BaseConfig, Name: path}
	var old *plan.Plan
	if filepath.Ext(path) == ".json" {
		base.Kind = api.BasePlan
		old, err = readPlanFile(path)
	} else {
		old, _, err = f.evaluate(ctx, path, opts, stderr)
	}
	if err != nil {
		return base, nil, err
	}
	base.Fingerprint = old.Fingerprint
	return base, old, nil
}

// evaluate returns the plan of a configuration, or prints its errors.
func (f *planFlags) evaluate(ctx context.Context, path string, opts config.Options, stderr io.Writer) (*plan.Plan, []api.PlanWarning, error) {
	p, warnings, err := loader.Evaluate(ctx, shownPath(path), opts)
	if err != nil && writeReport(stderr, err, textOptions(f.color)) {
		return nil, nil, &exitError{code: exitFailure}
	}
	return p, warnings, err
}

// writePlanFile writes a report for readPlanFile and reload --plan. Only its
// owner can read it.
func writePlanFile(path string, report *api.Plan) error {
	var text bytes.Buffer
	if err := api.Write(&text, report); err != nil {
		return err
	}
	if err := regular.WriteFile(path, text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return nil
}

// readPlanFile returns the plan that a plan file records.
func readPlanFile(path string) (*plan.Plan, error) {
	report, err := readReport(path)
	if err != nil {
		return nil, err
	}
	return plan.FromRecord(report.Record)
}
