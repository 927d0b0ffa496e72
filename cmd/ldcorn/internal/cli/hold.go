package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
)

// holdFlags are the flags of ldcorn hold.
type holdFlags struct {
	groupFlags
	wait    bool
	timeout time.Duration // of the wait; 0 means no limit
}

// newHoldCommand returns the command that makes the requests of groups wait.
func newHoldCommand(opts *rootOptions) *cobra.Command {
	f := new(holdFlags)
	var progress io.Writer
	ask := &masterOptions{rootOptions: opts}
	cmd := ask.command(&cobra.Command{
		Use:   "hold GROUP... | --all",
		Short: "Make the requests of groups wait in their queues",
		Long: `Make the requests of groups wait in their queues, within queue_limit and
queue_timeout, until "ldcorn release". A reload does not end the hold.

Requests in flight go on. With --wait, hold returns when none are left, so that you can
change a database that the app uses. Websockets do not count, and stay open.`,
		Example: `  ldcorn hold --wait api && ./migrate; ldcorn release api
  ldcorn hold --all --wait --timeout 30s`,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			progress = cmd.ErrOrStderr()
			if f.timeout < 0 || f.timeout > 0 && !f.wait {
				return usageError("--timeout %s: want more than 0, and --wait", f.timeout)
			}
			return nil
		},
	}, func(ctx context.Context, master *control.Client, args []string) error {
		var held []string
		err := f.each(ctx, master, args, func(g *api.GroupStatus) error {
			held = append(held, g.Name)
			return master.Hold(ctx, g.Name)
		})
		if err != nil {
			return err
		}
		return f.conclude(ctx, master, held, progress)
	})
	f.addTo(cmd, ask)
	cmd.Flags().BoolVar(&f.wait, "wait", false, "return once no request is in flight any more")
	durationVar(cmd.Flags(), &f.timeout, "timeout", 0, "stop waiting after this `DURATION` (default no limit)")
	return cmd
}

// conclude prints how many requests the held groups have in flight and, with --wait,
// waits until there are none.
func (f *holdFlags) conclude(ctx context.Context, master *control.Client, groups []string, progress io.Writer) error {
	if f.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, f.timeout, errGivenUp)
		defer cancel()
	}
	requests, left, err := inFlight(ctx, master, groups)
	for _, g := range groups {
		if err == nil {
			fmt.Fprintf(progress, "%s: held, %s in flight\n", g, terminal.Count(requests[g], "request"))
		}
	}
	if !f.wait || left == 0 || err != nil {
		return err
	}
	for _, g := range groups { // they are held, so each stays quiet
		err := master.Quiet(ctx, g)
		switch {
		case errors.Is(err, errGivenUp):
			return givenUp(context.WithoutCancel(ctx), master, groups)
		case err != nil:
			return err
		}
	}
	return nil
}

// givenUp returns the error for a wait that --timeout has ended.
func givenUp(ctx context.Context, master *control.Client, groups []string) error {
	_, left, err := inFlight(ctx, master, groups)
	if err != nil {
		return err
	}
	return fmt.Errorf("--timeout is over, and %s still in flight; the groups are held until ldcorn release", are(left, "request"))
}

// inFlight asks how many requests each of some groups has in flight, and all of them
// together.
func inFlight(ctx context.Context, master *control.Client, groups []string) (requests map[string]int, all int, err error) {
	st, _, err := master.Status(ctx)
	if err != nil {
		return nil, 0, err
	}
	requests = make(map[string]int)
	for _, g := range st.Groups {
		if slices.Contains(groups, g.Name) {
			requests[g.Name] += g.Requests
			all += g.Requests
		}
	}
	return requests, all, nil
}

// are returns a number with its noun and the verb "to be".
func are(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " is"
	}
	return terminal.Count(n, noun) + " are"
}
