package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/control"
)

// newLogsCommand returns the command that shows the newest lines of a master's
// log.
func newLogsCommand(opts *rootOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "logs [GROUP...]",
		Short: "Show the log of the master and its workers",
		Long: `Show the output of workers and the log of the master, of all groups or of some, in the
format of the master's own log.

The master keeps the newest lines of each group, at least 128 KiB of them, even if the
workers have ended or the group was removed. Lines of the master that concern no group
are shown only without GROUP.`,
		Example: `  ldcorn logs
  ldcorn logs api -n 50
  ldcorn logs api ml -f`,
	}
	return tailCommand(opts, "lines", cmd, func(ctx context.Context, master *control.Client, want control.TailRequest) error {
		return master.Logs(ctx, want, cmd.OutOrStdout())
	})
}
