package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/control"
)

// newScaleCommand returns the command that changes the number of a group's
// workers.
func newScaleCommand(opts *rootOptions) *cobra.Command {
	return newMasterCommand(opts, &cobra.Command{
		Use:   "scale GROUP=N",
		Short: "Run N workers of a group until the next reload",
		Long: `Run N workers of a group until the next reload, which brings back the
configuration's number.

Workers that stay are not touched. Returns when new ones are ready; if one of them
does not become so, nothing changes and the exit code is 1.`,
		Example: `  ldcorn scale api=8
  ldcorn scale -c /srv/ldconfig.star api=2`,
		Args: cobra.ExactArgs(1),
	}, func(ctx context.Context, master *control.Client, args []string) error {
		group, number, found := strings.Cut(args[0], "=")
		n, err := strconv.Atoi(number)
		if !found || err != nil {
			return usageError("scale: got %q, want GROUP=N, such as api=4", args[0])
		}
		return master.Scale(ctx, group, n)
	})
}
