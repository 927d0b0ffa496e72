package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/control"
)

// newRestartCommand returns the command that replaces the workers of groups.
func newRestartCommand(opts *rootOptions) *cobra.Command {
	f := new(groupFlags)
	var progress io.Writer
	ask := &masterOptions{rootOptions: opts}
	cmd := ask.command(&cobra.Command{
		Use:   "restart GROUP | WORKER... | --all",
		Short: "Replace the workers of groups, one after another",
		Long: `Replace the workers of groups, one after another: each serves until its
replacement is ready. Workers that have failed are started again. "web.1" is only the
worker with index 1 of the group web, as "ldcorn status" shows it.

restart restarts workers and not the master: for a change of control_socket, stop ldcorn
and start it again. The configuration is not read again, and reload_on_sighup does not
matter. The command returns when all workers are replaced. If a replacement fails to become
ready, its worker and later ones stay, in this group and in the groups after it, and the
exit code is 1.`,
		Example: `  ldcorn restart api
  ldcorn restart web.1
  ldcorn restart --all`,
		PreRun: func(cmd *cobra.Command, _ []string) { progress = cmd.ErrOrStderr() },
	}, func(ctx context.Context, master *control.Client, args []string) error {
		targets, err := f.targets(ctx, master, args)
		for _, t := range targets {
			if err := t.restart(ctx, master); err != nil {
				return err
			}
			fmt.Fprintf(progress, "%s: restarted\n", t)
		}
		return err
	})
	f.addTo(cmd, ask)
	cmd.ValidArgsFunction = ask.completeTargets
	return cmd
}
