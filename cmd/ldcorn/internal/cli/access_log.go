package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// accessLogWords are the arguments of ldcorn access-log, by what they decide.
var accessLogWords = [][]string{{"on", "off"}, {string(plan.LogText), string(plan.LogJSON)}}

// newAccessLogCommand returns the command that changes the access log of a master.
func newAccessLogCommand(opts *rootOptions) *cobra.Command {
	ask := &masterOptions{rootOptions: opts}
	want := new(api.AccessLogRequest)
	var fields []string
	cmd := &cobra.Command{
		Use:   "access-log [on|off] [text|json]",
		Short: "Show or change the access log until the next reload",
		Long: `Show or change the access log of a master: whether requests have lines, in which format, and
with which fields, for all requests or for those of one group. The next reload that succeeds
makes it again what the configuration says, and so does --reset.

A log that is turned on goes where access_log of LdConfig says, or else to the standard
output of the master. Without --group, "on" and "off" count for all groups, also for those
with access_log=False.`,
		Example: `  ldcorn access-log on json
  ldcorn access-log off --group health
  ldcorn access-log --fields time,status,took,request.header:X-Id --group api
  ldcorn access-log --reset
  ldcorn access-log`,
		Args: func(_ *cobra.Command, args []string) error { return wantAccessLog(want, args) },
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) (words []string, _ cobra.ShellCompDirective) {
			for _, of := range accessLogWords {
				if !slices.ContainsFunc(args, func(a string) bool { return slices.Contains(of, a) }) {
					words = append(words, of...)
				}
			}
			return words, cobra.ShellCompDirectiveNoFileComp
		},
		PreRunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("fields") {
				want.Fields = fields
			}
			return checkAccessLog(want)
		},
	}
	cmd = ask.command(cmd, func(ctx context.Context, master *control.Client, _ []string) error {
		var now *api.AccessLog
		var err error
		if asksForChange(want) {
			now, err = master.SetAccessLog(ctx, *want)
		} else {
			now, err = master.AccessLog(ctx)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(cmd.OutOrStdout(), accessLogText(now, want.Group))
		return err
	})
	cmd.Flags().StringVar(&want.Group, "group", "", "only the requests of `GROUP`")
	cmd.Flags().StringSliceVar(&fields, "fields", nil, `the `+"`NAMES`"+` of the fields of a line, with commas between; "default" for those of the format`)
	cmd.Flags().BoolVar(&want.Reset, "reset", false, "make the log again what the configuration says")
	mustComplete(cmd, "group", ask.completeGroupFlag)
	names := []string{api.AccessLogDefaultFields}
	for _, f := range plan.LogFieldNames {
		names = append(names, string(f))
	}
	mustComplete(cmd, "fields", completeList(names))
	return cmd
}

// wantAccessLog takes the arguments of the command.
func wantAccessLog(want *api.AccessLogRequest, args []string) error {
	for _, arg := range args {
		switch {
		case slices.Contains(accessLogWords[0], arg) && want.On == nil:
			on := arg == "on"
			want.On = &on
		case slices.Contains(accessLogWords[1], arg) && want.Format == "":
			want.Format = arg
		case slices.Contains(slices.Concat(accessLogWords...), arg):
			return usageError("got %s; give one of on and off, and one of text and json", strings.Join(args, " "))
		default:
			return usageError("got %q, want on, off, text or json", arg)
		}
	}
	return nil
}

// asksForChange reports whether a request asks for more than to see the log.
func asksForChange(want *api.AccessLogRequest) bool {
	return want.On != nil || want.Format != "" || want.Fields != nil || want.Reset
}

func checkAccessLog(want *api.AccessLogRequest) error {
	if want.Reset && (want.On != nil || want.Format != "" || want.Fields != nil) {
		return usageError("got --reset and %s; give one of them", (&api.AccessLogRequest{On: want.On, Format: want.Format, Fields: want.Fields}).String())
	}
	if want.Fields != nil && !slices.Equal(want.Fields, []string{api.AccessLogDefaultFields}) {
		for _, name := range want.Fields {
			if err := plan.LogField(name).Check(); err != nil {
				return usageError("--fields: a field %s; docs/language.md has the names", err)
			}
		}
	}
	return nil
}

// accessLogText returns what the log of all requests, or only of a group, has.
func accessLogText(now *api.AccessLog, group string) string {
	var out strings.Builder
	var rows [][2]string
	for i := range now.Logs {
		name := now.Logs[i].Group
		if name == "" {
			name = "all requests"
			if len(now.Logs) > 1 {
				name = "other requests"
			}
		}
		if group == "" || now.Logs[i].Group == group || now.Logs[i].Group == "" && !slices.ContainsFunc(now.Logs, func(l api.AccessLogFor) bool { return l.Group == group }) {
			if group != "" {
				name = group
			}
			rows = append(rows, [2]string{name, now.Logs[i].String()})
		}
	}
	width := 0
	for _, row := range rows {
		width = max(width, utf8.RuneCountInString(row[0]))
	}
	for _, row := range rows {
		fmt.Fprintf(&out, "%s%s  %s\n", row[0], strings.Repeat(" ", width-utf8.RuneCountInString(row[0])), row[1])
	}
	if !now.Since.IsZero() {
		out.WriteString("until the next reload, or ldcorn access-log --reset\n")
	}
	return out.String()
}
