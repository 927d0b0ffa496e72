package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
)

// newLogLevelCommand returns the command that changes the level of the log of a master.
func newLogLevelCommand(opts *rootOptions) *cobra.Command {
	ask := &masterOptions{rootOptions: opts}
	reset := false
	cmd := &cobra.Command{
		Use:   "log-level [LEVEL]",
		Short: "Show or change the level of the log until the next reload",
		Long: `Show or change the level of the log of a master: debug, info, warn or error. The next reload
that succeeds sets that of --log-level again, and so does --reset. What workers print does not
depend on it.`,
		Example: `  ldcorn log-level debug
  ldcorn log-level --reset
  ldcorn log-level`,
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: api.LogLevels,
		PreRunE: func(_ *cobra.Command, args []string) error {
			switch {
			case reset && len(args) > 0:
				return usageError("got --reset and %s; give one of them", args[0])
			case len(args) > 0 && !api.IsLogLevel(args[0]):
				return usageError("got %q, want %s", args[0], strings.Join(api.LogLevels, ", "))
			}
			return nil
		},
	}
	cmd = ask.command(cmd, func(ctx context.Context, master *control.Client, args []string) error {
		var now *api.LogLevel
		var err error
		switch {
		case len(args) > 0:
			now, err = master.SetLogLevel(ctx, args[0])
		case reset:
			now, err = master.SetLogLevel(ctx, "")
		default:
			now, err = master.LogLevel(ctx)
		}
		if err == nil {
			_, err = fmt.Fprintln(cmd.OutOrStdout(), now)
		}
		return err
	})
	cmd.Flags().BoolVar(&reset, "reset", false, "set the level of --log-level again")
	return cmd
}
