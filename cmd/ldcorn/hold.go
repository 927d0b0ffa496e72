package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/control"
)

// newHoldCommand returns the command that makes a group's requests wait.
func newHoldCommand(opts *rootOptions) *cobra.Command {
	return newMasterCommand(opts, &cobra.Command{
		Use:   "hold GROUP",
		Short: "Make the requests of a group wait in its queue",
		Long: `Make the requests of a group wait in its queue, within queue_limit and
queue_timeout, until "ldcorn release". Those in flight go on, websockets too. A reload
does not end it.`,
		Example: `  ldcorn hold api && ./migrate; ldcorn release api`,
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, master *control.Client, args []string) error {
		return master.Hold(ctx, args[0])
	})
}

// newReleaseCommand returns the command that ends a hold.
func newReleaseCommand(opts *rootOptions) *cobra.Command {
	return newMasterCommand(opts, &cobra.Command{
		Use:     "release GROUP",
		Short:   "Let the requests of a held group go on",
		Long:    `Let the requests of a held group go on, in the order in which they came.`,
		Example: `  ldcorn release api`,
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, master *control.Client, args []string) error {
		return master.Release(ctx, args[0])
	})
}
