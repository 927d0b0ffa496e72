package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// exitNotReady is the exit code of status where some group has no worker.
const exitNotReady = 3

// newStatusCommand returns the command that shows a master and its workers.
func newStatusCommand(opts *rootOptions) *cobra.Command {
	asJSON := false
	var out io.Writer
	cmd := newMasterCommand(opts, &cobra.Command{
		Use:   "status",
		Short: "Show the master, its groups and its workers",
		Long: `Show the master, its groups and its workers.

RSS and CPU are those of a worker with the processes that it has started; SERVED
counts the requests of the present process, RESTARTS those after crashes of the
index. Exits 0 when every group has a worker that is ready, 3 when one has none, and
1 when there is no master.`,
		Example: `  ldcorn status
  ldcorn status --json`,
		Args:   cobra.NoArgs,
		PreRun: func(cmd *cobra.Command, _ []string) { out = cmd.OutOrStdout() },
	}, func(ctx context.Context, master *control.Client, _ []string) error {
		st, raw, err := master.Status(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			_, err = out.Write(raw)
		} else {
			err = writeStatus(out, st)
		}
		if err == nil && !st.Ready() {
			err = &exitError{code: exitNotReady}
		}
		return err
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "print everything as JSON")
	return cmd
}

// writeStatus prints a status for people.
func writeStatus(w io.Writer, st *control.Status) error {
	fmt.Fprintf(w, "ldcorn %s, pid %d, up %s, generation %d, %s\n", st.Version, st.PID,
		control.Age(st.Now.Sub(st.Started)), st.Generation, st.Config)
	if r := st.Reload; r != nil {
		what := "applied"
		if r.Error != "" {
			what = "failed: " + r.Error
		}
		fmt.Fprintf(w, "last reload %s ago, %s\n", control.Age(st.Now.Sub(r.At)), what)
	}
	if len(st.Groups) == 0 {
		_, err := fmt.Fprintln(w, "starting: no group is ready yet")
		return err
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "GROUP\tREADY\tQUEUED\tCAP\tNOTE")
	for i := range st.Groups {
		g := &st.Groups[i]
		fmt.Fprintf(t, "%s\t%d/%d\t%d\t%s\t%s\n", g.Name, g.Ready, g.Instances, g.Queued, orDash(g.Cap), control.Note(g, st.Now))
	}
	fmt.Fprintln(t)
	fmt.Fprintln(t, "WORKER\tPID\tSTATE\tFOR\tIN FLIGHT\tWEBSOCKETS\tSERVED\tRESTARTS\tRSS\tCPU\tLAST EXIT")
	for _, g := range st.Groups {
		for _, k := range g.Workers {
			writeWorker(t, g.Name, k, st.Now)
		}
	}
	return t.Flush()
}

func writeWorker(w io.Writer, group string, k supervisor.WorkerStatus, now time.Time) {
	since, rss, cpu := "-", "-", "-"
	if !k.Since.IsZero() {
		since = control.Age(now.Sub(k.Since))
	}
	if k.PID != 0 {
		rss, cpu = fmt.Sprintf("%d MiB", k.RSS>>20), fmt.Sprintf("%.1f s", k.CPU)
	}
	fmt.Fprintf(w, "%s.%d\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\t%s\n", group, k.Index, orDash(k.PID), k.State, since,
		k.Requests, k.Websockets, k.Served, k.Restarts, rss, cpu, k.LastExit)
}

func orDash(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}
