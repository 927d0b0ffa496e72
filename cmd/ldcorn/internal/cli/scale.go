package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
)

// newScaleCommand returns the command that changes the number of workers of
// groups.
func newScaleCommand(opts *rootOptions) *cobra.Command {
	var progress io.Writer
	ask := &masterOptions{rootOptions: opts}
	return ask.command(&cobra.Command{
		Use:   "scale GROUP=N...",
		Short: "Run N workers of a group until the next reload",
		Long: `Run N workers of a group until the next reload, which brings back the
configuration's number.

Workers that stay are not touched. The command returns when the new workers are ready. If
one fails to become ready, its group and later ones stay unchanged, and the exit code is 1.`,
		Example: `  ldcorn scale api=8
  ldcorn scale -c /srv/ldconfig.star api=2 web=4`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.MinimumNArgs(1)(cmd, args); err != nil {
				return err
			}
			_, _, err := parseScale(args)
			return err
		},
		ValidArgsFunction: ask.completeGroupSizes,
		PreRun:            func(cmd *cobra.Command, _ []string) { progress = cmd.ErrOrStderr() },
	}, func(ctx context.Context, master *control.Client, args []string) error {
		numbers, names, err := parseScale(args)
		if err != nil {
			return err
		}
		st, _, err := master.Status(ctx)
		if err != nil {
			return err
		}
		if _, err := new(groupFlags).pick(st, names); err != nil {
			return err
		}
		if r := st.Running; r != nil {
			fmt.Fprintln(progress, waitingFor(r, st.Now))
		}
		for i, name := range names {
			if err := master.Scale(ctx, name, numbers[i]); err != nil {
				return err
			}
			fmt.Fprintf(progress, "%s: scaled to %s\n", name, terminal.Count(numbers[i], "worker"))
		}
		return nil
	})
}

// parseScale reads all arguments of scale, before the master gets a request.
func parseScale(args []string) (numbers []int, names []string, err error) {
	for _, arg := range args {
		name, number, found := strings.Cut(arg, "=")
		n, err := strconv.Atoi(number)
		if !found || err != nil {
			return nil, nil, usageError("scale: got %q, want GROUP=N, such as api=4", arg)
		}
		numbers, names = append(numbers, n), append(names, name)
	}
	return numbers, names, nil
}

// waitingFor says that a reload or a scaling comes first.
func waitingFor(r *api.Running, now time.Time) string {
	what := "the reload"
	if r.What == api.RunningScale {
		what = "the scaling of " + r.Group
	}
	return fmt.Sprintf("waiting for %s that has run for %s", what, control.Age(now.Sub(r.Since)))
}
