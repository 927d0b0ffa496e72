package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/top"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// topInterval is the time between two looks of ldcorn top.
const topInterval = time.Second

// newTopCommand returns the command that shows a master live.
func newTopCommand(opts *rootOptions) *cobra.Command {
	ask := &masterOptions{rootOptions: opts}
	interval := topInterval
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Show the running master live in the terminal",
		Long: `Show the running master live in the terminal: its groups with rates, errors, percentiles and
queues, its workers, the requests in hand, and the newest events, as tables that keys sort and
filter. From within, P shows the plan of a reload and R applies it, and other keys restart,
hold, release or scale the group of the chosen row. All but P ask first. ? shows the keys.

REQ/S and 5XX/S are those of the time since the look before, P50, P95 and P99 those of the
newest second with requests, if it was one of the last 10. PAST is REQ/S of each second, the
newest at the right. WAIT is how long the oldest request in the queue of a group has waited, and OLDEST
the age of the oldest request that a worker has. HAND counts the requests in hand. CPU is in percent of
one processor.

top needs a terminal of any size. On a narrow one, columns are left out. If the master goes away, top says
so and waits until it is back. q and Ctrl-C quit.`,
		Example: `  ldcorn top
  ldcorn top --interval 5s
  ssh -t server ldcorn top -c /srv/ldconfig.star`,
		Args: cobra.NoArgs,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if interval < leastInterval {
			return usageError("--interval %s: want %s or more", interval, leastInterval)
		}
		out := visible.File(cmd.OutOrStdout())
		if out == nil || !terminal.Is(out) || !terminal.Is(os.Stdin) || os.Getenv("TERM") == "dumb" {
			return errors.New("top needs a terminal for its input and output; \"ldcorn status --watch\" does not, and over ssh, -t makes one")
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP)
		defer stop()
		return runTop(ctx, ask, out, interval)
	}
	ask.addFlags(cmd)
	durationVar(cmd.Flags(), &interval, "interval", topInterval, "the `DURATION` between two looks")
	return cmd
}

// runTop shows the master of a command at a terminal.
func runTop(ctx context.Context, ask *masterOptions, out *os.File, interval time.Duration) error {
	return top.Run(ctx, top.Options{
		Connect: func() (*control.Client, error) {
			path, err := ask.find()
			if err != nil {
				return nil, err
			}
			return control.NewClient(path), nil
		},
		In: os.Stdin, Out: out, Look: ask.color.Look(out), Interval: interval,
		Words: top.Words{Plan: planText, Step: stepText, Failed: func(e api.ReloadStep) string { return failureOf(e).Error() },
			Event: details, Kind: kindText, Stage: stage, Worker: whose},
	})
}

// planText returns a plan as ldcorn plan shows it.
func planText(report *api.Plan, look terminal.Look) string {
	var b strings.Builder
	_ = writePlan(&b, report, look, false) // a write to memory never fails
	return b.String()
}
