package cli

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/masterlog"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// newLogsCommand returns the command that shows the newest lines of a master's
// log.
func newLogsCommand(opts *rootOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "logs [GROUP...]",
		Short: "Show the log of the master and its workers",
		Long: `Show the output of workers and the log of the master, of all groups or of some, in the
format of the master's own log. A line of a worker begins with its time.

The master keeps the newest lines of each group, at least 128 KiB of them, even if the
workers have ended or the group was removed. Lines of the master that concern no group
are shown only without GROUP.

On a terminal, logs shows what the master does there, in short lines: it leaves out changes
of state and Uvicorn's own lines, and shows each traceback of workers that do not start
once, with the frames of the app, and the others as a count. -v shows every line as it is.`,
		Example: `  ldcorn logs
  ldcorn logs api -n 50
  ldcorn logs api ml -f`,
	}
	var verbose bool
	cmd = tailCommand(opts, "lines", cmd, func(ctx context.Context, master *control.Client, want control.TailRequest) error {
		out := cmd.OutOrStdout()
		if f := visible.File(out); verbose || f == nil || !terminal.Is(f) {
			return master.Logs(ctx, want, out)
		}
		folded := masterlog.NewFolded(out, opts.color.Look(out).Color, func() int { return opts.color.Look(out).Width })
		err := master.Logs(ctx, want, folded)
		return cmp.Or(err, folded.Close())
	})
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "on a terminal, show every line as it is, with whole tracebacks")
	return cmd
}
