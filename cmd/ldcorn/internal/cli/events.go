package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
)

// newEventsCommand returns the command that shows the events of a master.
func newEventsCommand(opts *rootOptions) *cobra.Command {
	format := outputFormat{}
	cmd := &cobra.Command{
		Use:   "events [GROUP...]",
		Short: "Show the events of the workers, groups and reloads",
		Long: `Show the events of a master, of all groups or of some: a line for each worker that starts,
is ready, crashes or ends, for each group that is changed, held or overloaded, and for each reload.

Among them are incidents, with their cause: incident when one begins, and incident_over. ldcorn status
shows those that are there now.

The master keeps the newest 1,024 events. Events of the master itself, which are about
its reloads, are shown only without GROUP. --json prints an object on each line;
docs/schema/events.json describes its fields.`,
		Example: `  ldcorn events
  ldcorn events api -n 20
  ldcorn events --kind incident,incident_over
  ldcorn events -f --json`,
	}
	var kinds []string
	cmd.Flags().StringSliceVar(&kinds, "kind", nil, "only events of these kinds, as --json names them: `KIND,…`, such as crashed,incident")
	mustComplete(cmd, "kind", completeList(eventKindNames()))
	format.addTo(cmd, "print an object for each event")
	tail := tailCommand(opts, "events", cmd, func(ctx context.Context, master *control.Client, want control.TailRequest) error {
		for _, kind := range kinds {
			want.Kinds = append(want.Kinds, api.EventKind(kind))
		}
		show := showEvent
		if format.isJSON() {
			show = writeEvent
		}
		return master.Events(ctx, want, func(e api.ControlEvent, lost uint64) error {
			if lost > 0 {
				remark(cmd.ErrOrStderr(), "ldcorn: %d events were lost: they came faster than they were read", lost)
			}
			return show(cmd.OutOrStdout(), &e)
		})
	})
	check := tail.PreRunE
	tail.PreRunE = func(cmd *cobra.Command, args []string) error {
		for _, kind := range kinds {
			if !slices.Contains(api.EventKinds, api.EventKind(kind)) {
				return usageError("--kind: got %q, want some of %s", kind, strings.Join(eventKindNames(), ", "))
			}
		}
		return check(cmd, args)
	}
	return tail
}

// eventKindNames returns the names of all kinds of events.
func eventKindNames() (out []string) {
	for _, kind := range api.EventKinds {
		out = append(out, string(kind))
	}
	return out
}

// The widths of the columns of events. Most names fit, and longer ones move the rest
// of their line.
const (
	subjectWidth = 10
	kindWidth    = 13
)

// writeEvent prints an event as an object on a line of its own.
func writeEvent(w io.Writer, e *api.ControlEvent) error {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	return lines.Encode(e)
}

// showEvent prints an event for people: the time, the subject, the kind, and the
// details.
func showEvent(w io.Writer, e *api.ControlEvent) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %-*s %-*s %s", e.At.Local().Format("2006-01-02 15:04:05"), subjectWidth, e.Subject(), kindWidth, kindText(e.Kind), details(&e.Event))
	text := terminal.Wrap(strings.TrimRight(strings.ReplaceAll(b.String(), "\n", " "), " "), terminal.Auto.Look(w).Width) + "\n"
	for _, line := range e.Stderr {
		text += "    " + line + "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}

// kindText is a kind for people.
func kindText(k api.EventKind) string { return strings.ReplaceAll(string(k), "_", " ") }

// details returns the details of an event.
func details(e *api.Event) string {
	var parts []string
	add := func(tell bool, format string, args ...any) {
		if tell {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(e.Reason != "", "%s", e.Reason)
	add(e.PID != 0, "pid %d", e.PID)
	add(e.Generation != 0 && (e.Worker == nil || e.Kind == api.EventStarting), "generation %d", e.Generation)
	add(e.Took >= 0.001 && e.Was != "", "%s for %s", e.Was, seconds(e.Took))
	add(e.Took >= 0.001 && e.Was == "", "took %s", seconds(e.Took))
	add(e.RestartIn > 0, "next try in %s", seconds(e.RestartIn))
	add(e.StopIn > 0, "serves for %s more", seconds(e.StopIn))
	add(e.Requests > 0, "%s in flight", plural(e.Requests, "request"))
	add(e.Websockets > 0, "%s open", plural(e.Websockets, "websocket"))
	add(e.Queued > 0, "%s queued", plural(e.Queued, "request"))
	add(e.Workers > 0, "%s", plural(e.Workers, "worker"))
	return strings.Join(parts, ", ")
}

// plural formats a number of things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// seconds formats a number of seconds for people.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	if d >= time.Minute {
		return control.Age(d)
	}
	return d.Round(time.Millisecond).String()
}
