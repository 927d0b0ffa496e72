package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
)

// newStopCommand returns the command that stops a master.
func newStopCommand(opts *rootOptions) *cobra.Command {
	noWait := false
	var want api.StopRequest
	var progress io.Writer
	ask := &masterOptions{rootOptions: opts}
	cmd := ask.command(&cobra.Command{
		Use:   "stop",
		Short: "Stop the master, as TERM does",
		Long: `Stop the master, as TERM does: it serves for shutdown_delay, so that clients leave, and
then finishes the requests in flight within shutdown_timeout. The command returns when the
master and its workers are gone.`,
		Example: `  ldcorn stop
  ldcorn stop --no-delay
  ldcorn stop --no-wait`,
		Args:   cobra.NoArgs,
		PreRun: func(cmd *cobra.Command, _ []string) { progress = cmd.ErrOrStderr() },
	}, func(ctx context.Context, master *control.Client, _ []string) error {
		pid, err := master.PID(ctx)
		if err != nil {
			return err
		}
		if pid == 0 { // its pid namespace is not visible from here
			err := master.Stop(ctx, want)
			if err == nil && !noWait {
				err = awaitSilence(ctx, master)
			}
			return told(progress, "the master", noWait, err)
		}
		// The master still runs, so its pid is not yet that of another process.
		ended, err := watchEnd(pid)
		if err != nil {
			return fmt.Errorf("master (pid %d): %w", pid, err)
		}
		defer ended.Close()
		err = master.Stop(ctx, want)
		if err == nil && !noWait {
			err = ended.await(ctx)
		}
		return told(progress, fmt.Sprintf("the master (pid %d)", pid), noWait, err)
	})
	cmd.Flags().BoolVar(&want.NoDelay, "no-delay", false, "skip shutdown_delay, or end it if it has begun")
	cmd.Flags().BoolVar(&noWait, "no-wait", false, "do not wait until it has stopped")
	return cmd
}

// told says that a master is stopping or has stopped, unless err says why not.
func told(w io.Writer, master string, stopping bool, err error) error {
	switch {
	case err != nil:
		return err
	case stopping:
		fmt.Fprintln(w, master+" is stopping")
	default:
		fmt.Fprintln(w, master+" has stopped")
	}
	return nil
}

// awaitSilence waits until the master sends no more events, just before it ends.
func awaitSilence(ctx context.Context, master *control.Client) error {
	ignore := func(api.ControlEvent, uint64) error { return nil }
	_ = master.Events(ctx, control.TailRequest{Follow: true}, ignore) // an error also means that no master is there
	return ctx.Err()
}
