package cli

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/control"
)

// followNewest is how many of the things that the master keeps a command shows
// before it follows.
const followNewest = 10

// tailCommand completes a command that shows the newest things that a master keeps,
// such as lines, and with -f those that come later. Its arguments are the groups to
// show, or none for everything.
func tailCommand(opts *rootOptions, things string, cmd *cobra.Command, show func(ctx context.Context, master *control.Client, want control.TailRequest) error) *cobra.Command {
	var want control.TailRequest
	ask := &masterOptions{rootOptions: opts}
	cmd.ValidArgsFunction = ask.completeGroups
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		want.Groups = args
		given := cmd.Flags().Changed("lines")
		switch {
		case given && want.Newest < 0:
			return usageError("--lines: got %d, want 0 or more", want.Newest)
		case !given && want.Follow:
			want.Newest = followNewest
		}
		return nil
	}
	ask.command(cmd, func(ctx context.Context, master *control.Client, _ []string) error {
		ctx, stop := terminal.WhileRead(ctx, cmd.OutOrStdout())
		defer stop()
		err := show(ctx, master, want)
		if want.Follow && errors.Is(err, context.Canceled) || errors.Is(err, syscall.EPIPE) {
			return nil // INT ends it as usual, and so does the end of its reader
		}
		return err
	})
	flags := cmd.Flags()
	flags.IntVarP(&want.Newest, "lines", "n", -1, fmt.Sprintf("show the newest `N` %s that are kept (default all; %d with -f)", things, followNewest))
	flags.Lookup("lines").DefValue = "0" // so that the help shows none
	flags.BoolVarP(&want.Follow, "follow", "f", false, fmt.Sprintf("go on with new %s, until Ctrl-C or the end of the master", things))
	return cmd
}
