package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/regular"
)

// exitNeedsAction is the exit code of a reload after which some changes still need
// --replace, or a stop and a start of ldcorn.
const exitNeedsAction = 3

// reloadFlags are the flags of ldcorn reload.
type reloadFlags struct {
	*masterOptions
	want    api.ReloadRequest
	set     masterSetFlags
	plan    string
	timeout time.Duration
}

// newReloadCommand returns the command that makes a master apply its configuration.
func newReloadCommand(opts *rootOptions) *cobra.Command {
	f := &reloadFlags{masterOptions: &masterOptions{rootOptions: opts}}
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Apply the configuration and the code as they are now",
		Long: `Apply the configuration and the code as they are now, as HUP does, and wait.

The master evaluates its configuration and starts the new workers. When all of them are
ready, they take the place of the old ones, which finish their requests. If one fails
before that, everything stays as it was. With reload_surge, the master replaces a few
workers at a time instead, and goes back to the old ones if one fails. A reload during
another waits for its end; those that wait and ask for the same are one reload.

--set gives an argument of the configuration another value, and --unset its default, in
this reload and in all later ones if this one succeeds. The other arguments keep what the
master has.

Exits 0 when everything is applied and the old workers are gone, 1 when nothing was
applied, and 3 when some changes need --replace, or a stop and a start of ldcorn. Ctrl-C
ends only the command: a reload that has begun goes on.`,
		Example: `  ldcorn reload
  ldcorn reload --replace ml_heavy
  ldcorn plan --out p.json && ldcorn reload --plan p.json
  ldcorn reload --set workers=4
  ldcorn reload --timeout 2m`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.addFlags(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.want.Replace, "replace", nil, "replace the workers of a `GROUP` as well as what a reload replaces anyway (repeatable)")
	mustComplete(cmd, "replace", f.completeGroupFlag)
	flags.BoolVar(&f.want.All, "all", false, "replace the workers of every group")
	f.set.addFlags(flags)
	f.completeArgs(cmd)
	flags.StringVar(&f.plan, "plan", "", "apply the plan in a `FILE` that plan --out wrote, and nothing if it is out of date")
	durationVar(flags, &f.timeout, "timeout", 0, "stop waiting after this `DURATION`; the master goes on")
	flags.BoolVar(&f.want.NoWait, "no-wait", false, "do not wait")
	return cmd
}

func (f *reloadFlags) run(cmd *cobra.Command) error {
	switch {
	case f.plan != "" && (f.want.All || len(f.want.Replace) > 0):
		return usageError("got --plan and --replace or --all; make the plan with them: ldcorn plan --replace GROUP --out FILE")
	case f.plan != "" && f.set.any():
		return usageError("got --plan and --set or --unset; make the plan with them: ldcorn plan --set NAME=VALUE --out FILE")
	case f.timeout < 0:
		return usageError("--timeout %s: want more than 0", f.timeout)
	}
	var err error
	if f.want.ArgSettings, err = f.set.settings(); err != nil {
		return err
	}
	if f.plan != "" {
		report, err := readReport(f.plan)
		if err != nil {
			return err
		}
		if report.Against.Kind != api.BaseMaster {
			return fmt.Errorf("%s was not compared with a master; make a plan without --against", f.plan)
		}
		report.Record, report.Inputs, report.Diagnostics = nil, nil, nil // for people and for --against
		f.want.Plan = report
	}
	ctx, client, done, err := f.connect(cmd)
	if err != nil {
		return err
	}
	defer done()
	if f.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, f.timeout, errGivenUp)
		defer cancel()
	}
	stderr := cmd.ErrOrStderr()
	w := &reloadWaiter{
		begun: time.Now(), stdout: cmd.OutOrStdout(), stderr: stderr,
		progress: terminal.NewProgress(stderr, f.color.Look(stderr)),
	}
	return w.conclude(client.Reload(ctx, f.want, w.event), f.want.NoWait)
}

// errGivenUp is the cause of a context that --timeout ends.
var errGivenUp = errors.New("--timeout is over")

// A reloadWaiter follows a reload to its end.
type reloadWaiter struct {
	begun    time.Time
	stdout   io.Writer
	stderr   io.Writer
	progress *terminal.Progress
	waiting  bool // the reload has not begun, because another one or a scaling comes first
	unready  unready
	applied  *api.Plan
	finished bool
}

// unready has the groups that a reload waits for, and the reason for each.
type unready struct {
	groups []string
	texts  map[string]string
}

// note handles a step of the reload.
func (u *unready) note(e api.ReloadStep) {
	switch {
	case e.Kind == api.StepUnready:
		if u.texts == nil {
			u.texts = make(map[string]string)
		}
		if _, known := u.texts[e.Group]; !known {
			u.groups = append(u.groups, e.Group)
		}
		u.texts[e.Group] = stepText(e)
	case e.Kind == api.StepReady && e.Ready == e.Workers && u.texts[e.Group] != "":
		u.texts[e.Group] = ""
	}
}

// String returns a line for each group that is not ready yet.
func (u *unready) String() string {
	text := ""
	for _, group := range u.groups {
		if why := u.texts[group]; why != "" {
			text += "\n  " + group + ": " + why
		}
	}
	return text
}

// event handles a step of the reload. Its error ends the wait.
func (w *reloadWaiter) event(e api.ReloadStep) error {
	switch e.Kind {
	case api.StepApplied:
		w.applied = e.Report
		took := time.Since(w.begun).Round(time.Millisecond)
		w.progress.End()
		for _, why := range e.Kept {
			remark(w.stderr, "the certificate in use stays, as the new one cannot be used: %s", why)
		}
		for _, what := range e.Certificates {
			remark(w.stderr, "%s", what)
		}
		_, err := fmt.Fprintf(w.stdout, "reload applied: generation %d, took %s\n", e.Generation, took)
		return err
	case api.StepFailed:
		w.progress.End()
		return failureOf(e)
	case api.StepFinished:
		w.finished = true
	case api.StepWaiting:
		w.waiting = true
		_, err := fmt.Fprintf(w.stderr, "waiting for %s that has run for %s\n", e.Reason, control.Age(time.Duration(e.For*float64(time.Second))))
		return err
	case api.StepBegun:
		w.waiting = false
	case api.StepRead:
		return writeWarnings(w.stderr, e.Warnings, terminal.Auto.Look(w.stderr).Width)
	}
	w.unready.note(e)
	w.progress.Show(e.Group, stepText(e))
	return nil
}

// failureOf returns the error that a failed reload tells of.
func failureOf(e api.ReloadStep) error {
	if e.Refused {
		return errors.New("reload refused: " + e.Error)
	}
	return &reloadError{e.Error, e.Outcome, e.Stderr, e.Hint, e.Command}
}

// conclude returns the error to exit with.
func (w *reloadWaiter) conclude(err error, noWait bool) error {
	w.progress.End()
	switch {
	case noWait && err == nil:
		return nil
	case w.applied != nil && (errors.Is(err, errGivenUp) || errors.Is(err, context.Canceled)):
		fmt.Fprintln(w.stderr, "the reload is applied; the old workers are still finishing their requests")
	case w.waiting && errors.Is(err, errGivenUp):
		return errors.New("--timeout is over before the reload could begin: it will not take place")
	case w.waiting && errors.Is(err, context.Canceled):
		return errors.New("given up before the reload could begin: it will not take place")
	case errors.Is(err, errGivenUp):
		return errors.New("--timeout is over, and nothing is applied yet; the master goes on with the reload" + w.unready.String())
	case errors.Is(err, context.Canceled):
		return errors.New("given up waiting; the master goes on with the reload" + w.unready.String())
	case err != nil:
		return err
	case !w.finished:
		return errors.New("the master has ended")
	}
	return w.left()
}

// left prints the changes that the reload could not apply.
func (w *reloadWaiter) left() error {
	if w.applied.Outcome() != api.OutcomePartial {
		return nil
	}
	for _, g := range w.applied.Groups {
		if len(g.Pinned) > 0 {
			remark(w.stderr, "%s is pinned: %s changed; ldcorn reload --replace %s replaces its workers as well as what a reload replaces anyway", g.Name, names(g.Pinned), g.Name)
		}
	}
	for _, l := range w.applied.Listeners {
		if l.Restart {
			remark(w.stderr, "the listener %s is left as it is, as %s: %s", l.Address, l.Reason, plan.RestartAdvice)
		}
	}
	for _, c := range w.applied.Restart {
		remark(w.stderr, "%s is left as it is (%s -> %s), as no reload applies it: %s", c.Name, c.Before, c.After, plan.RestartAdvice)
	}
	return &exitError{code: exitNeedsAction}
}

// A reloadError says why a reload failed.
type reloadError struct {
	reason  string
	outcome string // "" where nothing has changed at any time
	stderr  []string
	hint    string
	command bool // a command has failed, and stderr is what it wrote
}

func (e *reloadError) Error() string {
	var b strings.Builder
	b.WriteString("reload failed, " + cmp.Or(e.outcome, "everything stays as it was") + ": " + e.reason)
	if len(e.stderr) > 0 {
		whose := "the worker's"
		if e.command {
			whose = "its"
		}
		b.WriteString("\n  " + whose + " last words:")
		for _, line := range e.stderr {
			b.WriteString("\n    " + line)
		}
	}
	if e.hint != "" {
		b.WriteString("\nhint: " + e.hint)
	}
	return b.String()
}

// maxPlanFile limits the size of a plan file, in bytes.
const maxPlanFile = 64 << 20

// readReport reads a file that plan --out wrote.
func readReport(path string) (*api.Plan, error) {
	data, err := regular.ReadFile(path, maxPlanFile)
	if err != nil {
		return nil, err
	}
	report := new(api.Plan)
	if err := json.Unmarshal(data, report); err != nil {
		return nil, fmt.Errorf("%s is not a plan; ldcorn plan --out FILE writes one", shownPath(path))
	}
	if report.FormatVersion != api.PlanVersion || report.Record == nil {
		return nil, fmt.Errorf("%s is not a plan that this ldcorn wrote with --out: format_version %d, want %d",
			shownPath(path), report.FormatVersion, api.PlanVersion)
	}
	return report, nil
}
