package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/history"
)

// The part of the history that ldcorn history shows unless flags say otherwise.
const (
	historySince = 5 * time.Minute
	historyStep  = 15 * time.Second
)

// newHistoryCommand returns the command that shows what groups did.
func newHistoryCommand(opts *rootOptions) *cobra.Command {
	var want history.Query
	format := outputFormat{}
	var out io.Writer
	ask := &masterOptions{rootOptions: opts}
	cmd := ask.command(&cobra.Command{
		Use:   "history [GROUP...]",
		Short: "Show what the groups did in the last minutes or hours",
		Long: `Show what the groups of a master did: a line for each step of time, with requests per second, those of
them that were refused or got 5xx, percentiles of the time of requests, waits for a slot, and the state of the group.
Lines above, which begin with !, say what is wrong now, as ldcorn status does; ldcorn events --kind incident,incident_over
says what was.

The master keeps each second of the last 15 minutes and each minute of the last 24 hours. A dash stands for what is not
known. --json prints all series, with those of the workers; docs/history.md describes them.`,
		Example: `  ldcorn history
  ldcorn history api --since 10m --step 1m
  ldcorn history --since 24h --step 1h --json`,
		PreRunE: func(cmd *cobra.Command, args []string) error {
			out = cmd.OutOrStdout()
			want.Groups, want.Workers = args, format.isJSON()
			if !cmd.Flags().Changed("step") && want.Since > historySince {
				want.Step = (want.Since/20 + time.Minute - 1).Truncate(time.Minute)
			}
			if err := want.Check(); err != nil {
				return usageError("--%s", err)
			}
			return nil
		},
	}, func(ctx context.Context, master *control.Client, _ []string) error {
		all, err := master.History(ctx, want)
		switch {
		case err != nil:
			return err
		case format.isJSON():
			return json.NewEncoder(out).Encode(all)
		}
		now, err := master.Requests(ctx, control.RequestsWanted{Limit: 1})
		if err != nil {
			return err
		}
		wrong := slices.DeleteFunc(now.Incidents, func(in api.Incident) bool { return len(want.Groups) > 0 && !slices.Contains(want.Groups, in.Group) })
		if err := writeIncidents(out, wrong, time.Now(), ask.color.Look(out)); err != nil {
			return err
		}
		return showHistory(out, all, ask.color.Look(out))
	})
	cmd.ValidArgsFunction = ask.completeGroups
	durationVar(cmd.Flags(), &want.Since, "since", historySince, "how far back to go, at most 24h: `DURATION`")
	durationVar(cmd.Flags(), &want.Step, "step", historyStep, "the time of a line: `DURATION`, such as 10s, 1m or 1h")
	format.addTo(cmd, "print JSON, by docs/schema/history.json")
	return cmd
}

// showHistory prints a table for each group.
func showHistory(out io.Writer, all *api.History, look terminal.Look) error {
	if all.Points == 0 || len(all.Groups) == 0 {
		_, err := fmt.Fprintf(out, "no %s of this master has ended yet; a shorter --step shows more\n", shortDuration(time.Duration(all.Step)*time.Second))
		return err
	}
	for i := range all.Groups {
		g := &all.Groups[i]
		title := g.Name
		if g.Removed {
			title += " (removed)"
		}
		if i > 0 {
			title = "\n" + title
		}
		if _, err := fmt.Fprintln(out, title); err != nil {
			return err
		}
		if err := writeColumns(out, historyColumns(all, g), look); err != nil {
			return err
		}
	}
	return nil
}

// historyColumns returns the table of a group. Each line has the time of its end.
func historyColumns(all *api.History, g *api.GroupHistory) []column {
	columns := []column{{name: "TIME"}, {name: "REQ/S"}, {name: "5XX/S"}, {name: "REFUSED/S", drop: 3}, {name: "P50", drop: 5}, {name: "P95"}, {name: "P99", drop: 6},
		{name: "QUEUED", drop: 7}, {name: "WAIT P95", drop: 4}, {name: "IN FLIGHT", drop: 8}, {name: "READY", drop: 1}, {name: "CPU", drop: 2}, {name: "RSS"}}
	step := time.Duration(all.Step) * time.Second
	for i := range all.Points {
		end := all.End.Add(-step * time.Duration(all.Points-1-i)).Local()
		rate := func(s api.Series) string { return terminal.Number(float64(s[i]) / float64(all.Step)) }
		addRow(columns, end.Format("15:04:05"), rate(g.Requests), rate(g.Class5xx), rate(g.Refused), terminal.Latency(g.P50[i]), terminal.Latency(g.P95[i]), terminal.Latency(g.P99[i]),
			amount(g.Queued[i]), terminal.Latency(g.WaitP95[i]), amount(g.InFlight[i]), amount(g.Ready[i]), terminal.Number(float64(g.CPU[i])), mebibytes(g.RSS[i]))
	}
	return columns
}

// amount formats a number of things, which is an average over a step.
func amount(v float32) string {
	if n := int64(v); float32(n) == v {
		return strconv.FormatInt(n, 10)
	}
	return terminal.Number(float64(v))
}

// mebibytes formats a number of bytes, or returns a dash if it is not known.
func mebibytes(bytes float32) string {
	if bytes != bytes {
		return "-"
	}
	return strconv.FormatInt(int64(bytes)>>20, 10) + " MiB"
}
