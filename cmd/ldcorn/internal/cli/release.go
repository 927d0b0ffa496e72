package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
)

// newReleaseCommand returns the command that ends a hold.
func newReleaseCommand(opts *rootOptions) *cobra.Command {
	f := new(groupFlags)
	var progress io.Writer
	ask := &masterOptions{rootOptions: opts}
	cmd := ask.command(&cobra.Command{
		Use:   "release GROUP... | --all",
		Short: "Let the requests of held groups go on",
		Long: `Let the requests of held groups go on, in the order in which they came. For a group that
is not held, nothing changes.`,
		Example: `  ldcorn release api
  ldcorn release --all`,
		PreRun: func(cmd *cobra.Command, _ []string) { progress = cmd.ErrOrStderr() },
	}, func(ctx context.Context, master *control.Client, args []string) error {
		return f.each(ctx, master, args, func(g *api.GroupStatus) error {
			err := master.Release(ctx, g.Name)
			if err == nil && g.Held {
				waited := "no request"
				if g.Queued > 0 {
					waited = terminal.Count(g.Queued, "request")
				}
				fmt.Fprintf(progress, "%s: released, %s had waited\n", g.Name, waited)
			}
			return err
		})
	})
	f.addTo(cmd, ask)
	return cmd
}
