package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
)

// defaultRequests is how many requests ldcorn ps shows.
const defaultRequests = 50

// psFlags are the flags of ldcorn ps.
type psFlags struct {
	want   control.RequestsWanted
	worker int // -1 means all
	format outputFormat
}

// newPsCommand returns the command that shows the requests in hand.
func newPsCommand(opts *rootOptions) *cobra.Command {
	f := &psFlags{want: control.RequestsWanted{Limit: defaultRequests}, worker: -1}
	var out io.Writer
	ask := &masterOptions{rootOptions: opts}
	cmd := ask.command(&cobra.Command{
		Use:   "ps [GROUP...]",
		Short: "Show the requests in hand, the oldest first",
		Long: `Show the requests that have not ended yet, the oldest first, of all groups or of some:
their age, what they wait for, which worker has them and for how long it has had them
(HELD), and how long they waited for a slot before (QUEUED). A line under the table says
for each group how many requests wait for a slot, and which of them has waited longest.
Lines above it, which begin with !, say what is wrong in these groups, as ldcorn status does.

STAGE is routing, reading (a file of the static that WORKER names, from the disk), receiving (the body, before the request asks for a slot), queued (for a
slot; in parentheses, if it waits for something else: for the worker that it belongs to,
for a limit that groups share, for ldcorn release, or for a worker to be ready), working (the worker has not begun its answer), answering, or sending (the worker is
done, and the client receives the rest of the answer). Open websockets are counted; with
--websockets they are in the list, with the stage websocket. The query of a request is left out, since it can hold secrets. PRIORITY and
FAIR are shown if a request has them: FAIR is the beginning of the SHA-256 of the key
whose turns it takes.

With --per-worker N, the list has the oldest N requests of each worker, by worker, and of
each queue: a worker that is stuck has old ones. --worker N shows only what a worker with
that index has.`,
		Example: `  ldcorn ps
  ldcorn ps api --worker 3
  ldcorn ps --per-worker 2
  ldcorn ps -n 1000 --json`,
		ValidArgsFunction: ask.completeGroups,
		PreRunE: func(cmd *cobra.Command, args []string) error {
			out = cmd.OutOrStdout()
			return f.read(cmd, args)
		},
	}, func(ctx context.Context, master *control.Client, _ []string) error {
		all, err := master.Requests(ctx, f.want)
		switch {
		case err != nil:
			return err
		case f.format.isJSON():
			lines := json.NewEncoder(out)
			lines.SetEscapeHTML(false)
			lines.SetIndent("", "  ")
			return lines.Encode(all)
		}
		if f.want.PerWorker > 0 {
			sortByWorker(all.Requests)
			sortByWorker(all.Websockets)
		}
		return showRequests(out, all, f.want.Websockets, ask.color.Look(out))
	})
	flags := cmd.Flags()
	flags.IntVarP(&f.want.Limit, "limit", "n", f.want.Limit, "show at most `N` requests, and with --websockets N of these")
	flags.IntVar(&f.want.PerWorker, "per-worker", 0, "show at most `N` of each worker, by worker")
	flags.IntVar(&f.worker, "worker", f.worker, "only what the workers with index `N` have")
	flags.Lookup("worker").DefValue = "0" // so that the help shows none
	flags.BoolVar(&f.want.Websockets, "websockets", false, "show open websockets, too")
	f.format.addTo(cmd, "print JSON, by docs/schema/requests.json")
	return cmd
}

// read checks the flags, and completes what the command asks for.
func (f *psFlags) read(cmd *cobra.Command, groups []string) error {
	given := cmd.Flags().Changed
	switch {
	case f.want.Limit < 1 || f.want.Limit > control.MaxRequests:
		return usageError("--limit: got %d, want 1 to %d", f.want.Limit, control.MaxRequests)
	case given("per-worker") && f.want.PerWorker < 1:
		return usageError("--per-worker: got %d, want 1 or more", f.want.PerWorker)
	case given("worker") && f.worker < 0:
		return usageError("--worker: got %d, want 0 or more", f.worker)
	case given("per-worker") && !given("limit"):
		f.want.Limit = control.MaxRequests
	}
	f.want.Groups = groups
	if given("worker") {
		f.want.Worker = &f.worker
	}
	return nil
}

// sortByWorker puts the requests of each worker together, and those that no worker
// has at the end of their group.
func sortByWorker(requests []api.Request) {
	index := func(r *api.Request) int {
		if r.Worker == nil {
			return math.MaxInt
		}
		return *r.Worker
	}
	slices.SortStableFunc(requests, func(a, b api.Request) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(index(&a), index(&b)), cmp.Compare(a.PID, b.PID))
	})
}

// showRequests prints a table of requests that fits what its reader can show, how many
// there are besides, and the queues. withSockets says whether websockets were asked for.
func showRequests(out io.Writer, all *api.Requests, withSockets bool, look terminal.Look) error {
	shown := slices.Concat(all.Requests, all.Websockets)
	err := writeIncidents(out, all.Incidents, time.Now(), look)
	switch {
	case err != nil:
	case len(shown) > 0:
		err = writeColumns(out, requestColumns(shown), look)
	case all.Total == 0:
		_, err = fmt.Fprintln(out, "no request is in hand")
	}
	for _, line := range moreRequests(all, withSockets) {
		if err == nil {
			_, err = fmt.Fprintln(out, terminal.Wrap(line, look.Width))
		}
	}
	return err
}

// moreRequests returns lines about what a table of requests does not have: other
// requests and websockets, and the queues.
func moreRequests(all *api.Requests, withSockets bool) (lines []string) {
	if more := all.Total - len(all.Requests); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more; -n shows up to %d", more, control.MaxRequests))
	}
	switch more := all.TotalWebsockets - len(all.Websockets); {
	case more <= 0:
	case withSockets:
		lines = append(lines, fmt.Sprintf("and %s more; -n shows up to %d", counted(more, "websocket"), control.MaxRequests))
	default:
		lines = append(lines, fmt.Sprintf("and %s; --websockets shows them", counted(more, "open websocket")))
	}
	for i := range all.Queues {
		q := &all.Queues[i]
		lines = append(lines, fmt.Sprintf("%s: %s for a slot, the oldest for %s: %s %s (id %s)", q.Group, waiting(q.Depth), short(q.Oldest.Queued), q.Oldest.Method, q.Oldest.Path, q.Oldest.ID))
	}
	return lines
}

// counted returns a number of things in words.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// waiting says how many requests wait.
func waiting(n int) string {
	if n == 1 {
		return "1 request waits"
	}
	return fmt.Sprintf("%d requests wait", n)
}

// requestColumns returns the table of requests, with their priorities and keys if there
// are any.
func requestColumns(shown []api.Request) []column {
	columns := []column{{name: "AGE"}, {name: "STAGE"}, {name: "WORKER"}, {name: "HELD", drop: 6}, {name: "QUEUED", drop: 5}, {name: "PRIORITY", drop: 4}, {name: "FAIR", drop: 3},
		{name: "CLIENT", drop: 2}, {name: "ID", drop: 1}, {name: "REQUEST"}}
	prior, fair := false, false
	for i := range shown {
		r := &shown[i]
		prior, fair = prior || r.Priority != 0, fair || r.Fair != ""
		addRow(columns, short(r.Age), stage(r), whose(r), short(r.Held), short(r.Queued), strconv.Itoa(r.Priority), dashIfEmpty(r.Fair),
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
