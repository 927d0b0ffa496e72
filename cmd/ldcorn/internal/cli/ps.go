package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
)

// defaultRequests is how many requests ldcorn ps shows.
const defaultRequests = 50

// newPsCommand returns the command that shows the requests in hand.
func newPsCommand(opts *rootOptions) *cobra.Command {
	limit, format := defaultRequests, outputFormat{}
	var out io.Writer
	ask := &masterOptions{rootOptions: opts}
	cmd := ask.command(&cobra.Command{
		Use:   "ps",
		Short: "Show the requests in hand, the oldest first",
		Long: `Show the requests that have not ended yet, the oldest first: their age, what they wait
for, which worker has them, and how long they waited for a slot.

STAGE is routing, reading (a file of the static that WORKER names, from the disk), receiving (the body, before the request asks for a slot), queued (for a
slot; in parentheses, if it waits for something else: for the worker that it belongs to,
for a limit that groups share, for ldcorn release, or for a worker to be ready), working (the worker has not begun its answer), answering, or sending (the worker is
done, and the client receives the rest of the answer). Websockets are not shown; status
counts them. The query of a request is left out, since it can hold secrets. PRIORITY and
FAIR are shown if a request has them: FAIR is the beginning of the SHA-256 of the key
whose turns it takes.`,
		Example: `  ldcorn ps
  ldcorn ps -n 1000 --json`,
		Args: cobra.NoArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			out = cmd.OutOrStdout()
			if limit < 1 || limit > control.MaxRequests {
				return usageError("--limit: got %d, want 1 to %d", limit, control.MaxRequests)
			}
			return nil
		},
	}, func(ctx context.Context, master *control.Client, _ []string) error {
		all, err := master.Requests(ctx, limit)
		switch {
		case err != nil:
			return err
		case format.isJSON():
			lines := json.NewEncoder(out)
			lines.SetEscapeHTML(false)
			lines.SetIndent("", "  ")
			return lines.Encode(all)
		}
		return showRequests(out, all, ask.color.Look(out))
	})
	cmd.Flags().IntVarP(&limit, "limit", "n", limit, "show at most `N` requests")
	format.addTo(cmd, "print JSON, by docs/schema/requests.json")
	return cmd
}

// showRequests prints a table of requests that fits what its reader can show, and how
// many there are besides.
func showRequests(out io.Writer, all *api.Requests, look terminal.Look) error {
	if all.Total == 0 {
		_, err := fmt.Fprintln(out, "no request is in hand")
		return err
	}
	if err := writeColumns(out, requestColumns(all), look); err != nil {
		return err
	}
	if more := all.Total - len(all.Requests); more > 0 {
		_, err := fmt.Fprintf(out, "and %d more; -n shows up to %d\n", more, control.MaxRequests)
		return err
	}
	return nil
}

// requestColumns returns the table of requests, with their priorities and keys if there
// are any.
func requestColumns(all *api.Requests) []column {
	columns := []column{{name: "AGE"}, {name: "STAGE"}, {name: "WORKER"}, {name: "QUEUED", drop: 5}, {name: "PRIORITY", drop: 4}, {name: "FAIR", drop: 3},
		{name: "CLIENT", drop: 2}, {name: "ID", drop: 1}, {name: "REQUEST"}}
	prior, fair := false, false
	for i := range all.Requests {
		r := &all.Requests[i]
		prior, fair = prior || r.Priority != 0, fair || r.Fair != ""
		addRow(columns, short(r.Age), stage(r), whose(r), short(r.Queued), strconv.Itoa(r.Priority), dashIfEmpty(r.Fair),
			dashIfEmpty(r.Client), r.ID, r.Method+" "+r.Path)
	}
	return slices.DeleteFunc(columns, func(c column) bool {
		return c.name == "PRIORITY" && !prior || c.name == "FAIR" && !fair
	})
}

// stage names the stage of a request, and what else than a slot it waits for.
func stage(r *api.Request) string {
	if r.WaitsFor == nil || r.Stage != api.StageQueued && r.Stage != api.StageReceiving {
		return string(r.Stage)
	}
	what := ""
	switch w := r.WaitsFor; w.Kind {
	case api.WaitsForWorker:
		what = "worker"
		if w.Worker != nil {
			what += " " + strconv.Itoa(*w.Worker)
		}
	case api.WaitsForLimit:
		what = "limit " + w.Limit
	case api.WaitsForRelease:
		what = "held"
	case api.WaitsForReady:
		what = "no worker"
	case api.WaitsForShare:
		what = "client's share"
	default:
		return string(r.Stage)
	}
	return string(r.Stage) + " (" + what + ")"
}

// whose names the worker that has a request, the group whose queue it is in, or the
// static that answers with a file.
func whose(r *api.Request) string {
	if r.Worker == nil {
		return dashIfEmpty(cmp.Or(r.Group, r.Static))
	}
	return fmt.Sprintf("%s.%d", r.Group, *r.Worker)
}

// short writes a number of seconds in few characters.
func short(s float64) string {
	switch {
	case s == 0:
		return "-"
	case s < 60:
		return fmt.Sprintf("%.1fs", s)
	}
	return seconds(s)
}

// dashIfEmpty returns s, or a dash if that is empty.
func dashIfEmpty(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
