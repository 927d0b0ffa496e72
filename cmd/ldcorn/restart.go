package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/control"
)

// newRestartCommand returns the command that replaces the workers of a group.
func newRestartCommand(opts *rootOptions) *cobra.Command {
	return newMasterCommand(opts, &cobra.Command{
		Use:   "restart GROUP",
		Short: "Replace the workers of a group, one after another",
		Long: `Replace the workers of a group, one after another: each serves until its
replacement is ready. Workers that have failed are started again.

The configuration is not read anew, and reload_on_sighup does not matter. Returns
when all are replaced. If a replacement does not become ready, the worker stays, as
do those after it, and the exit code is 1.`,
		Example: `  ldcorn restart api`,
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, master *control.Client, args []string) error {
		return master.Restart(ctx, args[0])
	})
}
