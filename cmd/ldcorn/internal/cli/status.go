package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
)

// exitNotReady is the exit code of status if a group has no ready worker.
const exitNotReady = 3

// statusFlags are the flags of ldcorn status.
type statusFlags struct {
	*rootOptions
	format   outputFormat
	watch    bool
	requests bool
	interval time.Duration
}

// The values of --interval.
const (
	defaultInterval = 2 * time.Second
	leastInterval   = 100 * time.Millisecond // each status looks at every process
)

// newStatusCommand returns the command that shows a master and its workers.
func newStatusCommand(opts *rootOptions) *cobra.Command {
	f := &statusFlags{rootOptions: opts}
	var out io.Writer
	ask := &masterOptions{rootOptions: opts}
	cmd := ask.command(&cobra.Command{
		Use:   "status",
		Short: "Show the master, its groups and its workers",
		Long: `Show the master, its groups and its workers.

A line that begins with ! says what is wrong, with its cause: what it is about, since when, with which
requests, what had changed before, and what to do (docs/incidents.md). It comes first, and ldcorn ps, ldcorn top
and the dashboard show the same. A line above says how many were over in the last 15 minutes, and
another where the admin listener is, which has the dashboard.

status shows one line about a reload that failed; --json has all of it. While a reload
runs, status says what it waits for, and marks workers that get no request yet as (new).
CAP is max_req_per_worker of a group, and the names of the limits that it shares.
RSS and CPU are those of a worker and of the processes that it has started. SERVED counts
the requests of the present process, RESTARTS the crashes after which the worker was
started again. REFUSED counts the requests that a rate limit has answered with 429, and
KEYS those whose burst is not whole. On a narrow terminal, columns are left out, and a line
under the table names them; --json has all. A line about buffers says what waits in the master
for a slot or for a slow client, once anything has waited. Exits 0 when every group has a
ready worker, 3 when one has none, and 1 when there is no master.

With --requests, a table shows the oldest request of each worker, as ldcorn ps does, and
--json has it as oldest_request.

If the master was started in another folder, or by another user, the second line says so.
A line says when another ldcorn is installed at the path of the one that runs: an upgrade
takes effect when the master is stopped and started again. --json has it as installed.

With --watch, status goes on: it updates in place on a terminal. Elsewhere it prints one
status after another with an empty line between them, or with --json an object for each.
Ctrl-C or a closed pipe exits 0, and the end of the master exits 1.`,
		Example: `  ldcorn status
  ldcorn status --json
  ldcorn status --requests
  ldcorn status --watch --interval 500ms`,
		Args: cobra.NoArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			out = cmd.OutOrStdout()
			switch {
			case cmd.Flags().Changed("interval") && !f.watch:
				return usageError("--interval is for --watch")
			case f.interval < leastInterval:
				return usageError("--interval %s: want %s or more", f.interval, leastInterval)
			}
			return nil
		},
	}, func(ctx context.Context, master *control.Client, _ []string) error {
		if f.watch {
			ctx, stop := terminal.WhileRead(ctx, out)
			defer stop()
			return f.repeat(ctx, master, out)
		}
		return f.show(ctx, master, out, f.color.Look(out))
	})
	flags := cmd.Flags()
	f.format.addTo(cmd, "print everything as JSON")
	flags.BoolVar(&f.requests, "requests", false, "show the oldest request of each worker")
	flags.BoolVarP(&f.watch, "watch", "w", false, "go on until Ctrl-C")
	durationVar(flags, &f.interval, "interval", defaultInterval, "with --watch, the `DURATION` between two looks")
	return cmd
}

// show prints the status once, for a reader who sees it with a look.
func (f *statusFlags) show(ctx context.Context, master *control.Client, out io.Writer, look terminal.Look) error {
	ask := master.Status
	if f.requests {
		ask = master.StatusWithRequests
	}
	st, raw, err := ask(ctx)
	if err != nil {
		return err
	}
	if f.format.isJSON() {
		_, err = out.Write(raw)
	} else {
		where := []string{elsewhere(ctx, master), replaced(st.Installed, f.build.read())}
		where = slices.DeleteFunc(where, func(line string) bool { return line == "" })
		err = writeStatus(out, st, strings.Join(where, "\n"), look)
	}
	if err == nil && !st.Ready() {
		err = &exitError{code: exitNotReady}
	}
	return err
}

// repeat prints the status until ctx is done.
func (f *statusFlags) repeat(ctx context.Context, master *control.Client, out io.Writer) error {
	screen := terminal.NewScreen(out, f.format.isJSON(), f.color.Look(out).Color)
	tick := time.NewTicker(f.interval)
	defer tick.Stop()
	for {
		var text bytes.Buffer
		var notReady *exitError
		err := f.show(ctx, master, &text, f.color.Look(out))
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !errors.As(err, &notReady):
			return err
		}
		if err := screen.Show(text.String()); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// How many characters of a text that can be of any length status shows. --json has
// all of it.
const (
	maxBrief = 300 // of the reason of a failed reload
	maxRoute = 36  // of a route
	maxCap   = 20  // of a cap with its limits, which have a table of their own
)

// writeStatus prints a status for people. where says how the master was started, and what
// has become of its program; "" if there is nothing to say.
func writeStatus(w io.Writer, st *api.Status, where string, look terminal.Look) error {
	say := func(format string, args ...any) {
		fmt.Fprintln(w, terminal.Wrap(fmt.Sprintf(format, args...), look.Width))
	}
	say("ldcorn %s, pid %d, up %s, generation %d, %s", st.Version, st.PID, control.Age(st.Now.Sub(st.Started)), st.Generation, cutPath(st.Config, look.Width))
	if where != "" {
		say("%s", where)
	}
	if addresses := addressesOf(st.Listeners); addresses != "" && st.Generation > 0 {
		say("listening on %s", addresses)
	} else if addresses != "" {
		say("bound to %s: clients wait until the start is over", addresses)
	}
	if st.Admin != "" {
		say("admin listener on %s", st.Admin)
	}
	if st.LogLevel != nil {
		say("log level %s (ldcorn log-level --reset)", st.LogLevel)
	}
	if st.AccessLog != nil {
		say("access log changed until the next reload (ldcorn access-log --reset)")
	}
	if st.Stopping != nil {
		say("%s", control.Stopping(st.Stopping, st.Now))
	}
	if st.Running != nil && st.Generation > 0 {
		say("%s", control.Progress(st.Running, st.Now))
	}
	if r := st.LastReload; r != nil {
		what := "applied"
		if r.Error != "" {
			what = "failed: " + terminal.Cut(r.Brief(), maxBrief)
		}
		say("last reload %s ago, %s", control.Age(st.Now.Sub(r.At)), what)
	}
	if waiting := control.Waiting(&st.Buffers); waiting != "" {
		say("%s", waiting)
	}
	if n := st.PastIncidents; n > 0 {
		say("%s ended in the last %s: ldcorn events --kind incident,incident_over", plural(n, "incident"), shortDuration(api.RecentIncidents))
	}
	if len(st.Groups) == 0 {
		_, err := fmt.Fprintln(w, "starting: no group is ready yet")
		return err
	}
	fmt.Fprintln(w)
	if err := writeIncidents(w, st.Incidents, st.Now, look); err != nil {
		return err
	}
	if err := writeColumns(w, groupColumns(st), look); err != nil {
		return err
	}
	writeSystems(w, st.Groups)
	fmt.Fprintln(w)
	if err := writeColumns(w, workerColumns(st), look); err != nil {
		return err
	}
	if oldest := oldestRequests(st); len(oldest) > 0 {
		fmt.Fprintln(w)
		if err := writeColumns(w, requestColumns(oldest), look); err != nil {
			return err
		}
	}
	if len(st.Limits) > 0 {
		fmt.Fprintln(w)
		if err := writeColumns(w, limitColumns(st), look); err != nil {
			return err
		}
	}
	if len(st.RateLimits) > 0 {
		fmt.Fprintln(w)
		if err := writeColumns(w, rateLimitColumns(st), look); err != nil {
			return err
		}
	}
	if len(st.Certificates) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	return writeColumns(w, certificateColumns(st), look)
}

// oldestRequests returns the oldest requests of the workers that have one, by worker.
func oldestRequests(st *api.Status) (out []api.Request) {
	for i := range st.Groups {
		for k := range st.Groups[i].Workers {
			if r := st.Groups[i].Workers[k].Oldest; r != nil {
				out = append(out, *r)
			}
		}
	}
	return out
}

// addressesOf names the listeners. It returns "" if there are none.
func addressesOf(listeners []api.Listener) string {
	var out []string
	for i, l := range listeners {
		if i == shownListeners {
			out = append(out, fmt.Sprintf("and %d more", len(listeners)-i))
			break
		}
		text := l.Address
		if strings.HasPrefix(l.Bind, "systemd") {
			text += " (" + l.Bind + ")"
		}
		if l.ProxyProtocol {
			text += " (PROXY protocol)"
		}
		if l.TLS {
			text += " (https" + clientsText(l.ClientAuth) + ")"
		}
		if l.RedirectHTTPS {
			text += " (redirects to https)"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// clientsText says what a listener demands of clients.
func clientsText(auth string) string {
	switch auth {
	case "require":
		return ", clients must show certificates"
	case "request":
		return ", clients can show certificates"
	case "mixed":
		return ", clients of some names are asked for certificates"
	}
	return ""
}

func limitColumns(st *api.Status) []column {
	columns := []column{{name: "LIMIT"}, {name: "IN HAND"}, {name: "WAITING"}, {name: "GROUPS", drop: 1}}
	for _, l := range st.Limits {
		addRow(columns, l.Name, fmt.Sprintf("%d/%d", l.InHand, l.Size), strconv.Itoa(l.Waiting), cmp.Or(strings.Join(l.Groups, ", "), "-"))
	}
	return columns
}

func groupColumns(st *api.Status) []column {
	columns := []column{{name: "GROUP"}, {name: "READY", color: readyColor}, {name: "QUEUED"}, {name: "CAP", drop: 1}, {name: "NOTE"}}
	for i := range st.Groups {
		g := &st.Groups[i]
		addRow(columns, g.Name, fmt.Sprintf("%d/%d", g.Ready, g.Instances), strconv.Itoa(g.Queued), terminal.Cut(capOf(st, g), maxCap), control.Note(g, st.Now))
	}
	return columns
}

// capOf returns the cap of a group, and the names of the limits that it shares.
func capOf(st *api.Status, g *api.GroupStatus) string {
	var parts []string
	if g.Cap > 0 {
		parts = append(parts, strconv.Itoa(g.Cap))
	}
	for _, l := range st.Limits {
		if !g.Removed && slices.Contains(l.Groups, g.Name) {
			parts = append(parts, l.Name)
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "-")
}

func rateLimitColumns(st *api.Status) []column {
	columns := []column{{name: "RATE LIMIT OF"}, {name: "ROUTE", drop: 3}, {name: "LIMIT", drop: 2}, {name: "REFUSED"}, {name: "KEYS", drop: 1}}
	for _, l := range st.RateLimits {
		addRow(columns, cmp.Or(l.Group, "LdConfig"), terminal.Cut(cmp.Or(l.Route, "-"), maxRoute), strings.TrimSuffix(strings.TrimPrefix(l.Limit, "rate("), ")"),
			strconv.FormatUint(l.Refused, 10), strconv.Itoa(l.Keys))
	}
	return columns
}

// leastExit is the room for why a worker ended: enough to name a signal.
const leastExit = 28

// workerColumns returns the table of the workers. On a narrow terminal, counts that
// are all 0 go first, then the measurements, and open websockets last.
func workerColumns(st *api.Status) []column {
	restarts, websockets := 1, 2
	for i := range st.Groups {
		for k := range st.Groups[i].Workers {
			if st.Groups[i].Workers[k].Restarts > 0 {
				restarts = 7
			}
			if st.Groups[i].Workers[k].Websockets > 0 {
				websockets = 9
			}
		}
	}
	columns := []column{{name: "WORKER"}, {name: "PID", drop: 6}, {name: "STATE", color: stateColor}, {name: "FOR", drop: 8}, {name: "IN FLIGHT"},
		{name: "WEBSOCKETS", drop: websockets}, {name: "SERVED", drop: 5}, {name: "RESTARTS", drop: restarts}, {name: "RSS", drop: 4},
		{name: "CPU", drop: 3}, {name: "LAST EXIT", least: leastExit}}
	for i := range st.Groups {
		g := &st.Groups[i]
		for k := range g.Workers {
			addRow(columns, workerCells(g.Name, &g.Workers[k], st.Now)...)
		}
	}
	return columns
}

func workerCells(group string, k *api.WorkerStatus, now time.Time) []string {
	since, rss, cpu := "-", "-", "-"
	if !k.Since.IsZero() {
		since = control.Age(now.Sub(k.Since))
	}
	if k.RSS != 0 { // if not, it is not measured yet
		rss, cpu = fmt.Sprintf("%d MiB", k.RSS>>20), fmt.Sprintf("%.1f s", k.CPU)
	}
	return []string{fmt.Sprintf("%s.%d", group, k.Index), orDash(k.PID), control.State(k), since, strconv.Itoa(k.Requests),
		strconv.Itoa(k.Websockets), strconv.FormatUint(k.Served, 10), strconv.Itoa(k.Restarts), rss, cpu, k.LastExit}
}

func addRow(columns []column, cells ...string) {
	for i, cell := range cells {
		columns[i].cells = append(columns[i].cells, cell)
	}
}

func orDash(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}
