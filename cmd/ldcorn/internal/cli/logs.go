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
		Short: "Show what the workers and the master have logged",
		Long: `Show what workers have printed and the master has logged, of all groups or of some,
in the format of the master's own log.

The master keeps the newest lines of each group, at least 128 KiB of them, also of
workers that have ended and of groups that were removed. Lines of the master that concern
no group are shown only without GROUP.`,
		Example: `  ldcorn logs
  ldcorn logs api -n 50
  ldcorn logs api ml -f`,
	}
	return tailCommand(opts, "lines", cmd, func(ctx context.Context, master *control.Client, want control.TailRequest) error {
		return master.Logs(ctx, want, cmd.OutOrStdout())
	})
}
