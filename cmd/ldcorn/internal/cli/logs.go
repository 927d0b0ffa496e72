package cli

import (
	"context"
	"errors"
	"io"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/control"
)

// followLines are shown of what was before, where logs follows.
const followLines = 10

// newLogsCommand returns the command that shows the newest lines of a master's
// log.
func newLogsCommand(opts *rootOptions) *cobra.Command {
	var want control.LogRequest
	var out io.Writer
	ask := &masterOptions{rootOptions: opts}
	cmd := ask.command(&cobra.Command{
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
		ValidArgsFunction: ask.completeGroups,
		PreRunE: func(cmd *cobra.Command, args []string) error {
			out, want.Groups = cmd.OutOrStdout(), args
			given := cmd.Flags().Changed("lines")
			switch {
			case given && want.Lines < 0:
				return usageError("--lines: got %d, want 0 or more", want.Lines)
			case !given && want.Follow:
				want.Lines = followLines
			}
			return nil
		},
	}, func(ctx context.Context, master *control.Client, _ []string) error {
		ctx, stop := terminal.WhileRead(ctx, out)
		defer stop()
		err := master.Logs(ctx, want, out)
		if want.Follow && errors.Is(err, context.Canceled) || errors.Is(err, syscall.EPIPE) {
			return nil // INT ends it as usual, and so does the end of its reader
		}
		return err
	})
	cmd.Flags().IntVarP(&want.Lines, "lines", "n", -1, "show the newest `N` lines that are kept (default all; 10 with -f)")
	cmd.Flags().Lookup("lines").DefValue = "0" // so that the help shows none
	cmd.Flags().BoolVarP(&want.Follow, "follow", "f", false, "go on with the lines that come, until INT or the end of the master")
	return cmd
}
