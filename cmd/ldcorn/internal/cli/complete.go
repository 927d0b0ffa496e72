package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/control"
)

// completionTimeout limits how long a press of the tab key waits for a master.
const completionTimeout = time.Second

// completeGroups completes arguments to names of groups, each of them once.
func (o *masterOptions) completeGroups(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	names := slices.DeleteFunc(o.groupNames(cmd.Context()), func(name string) bool { return slices.Contains(args, name) })
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeGroupSizes completes arguments to names of groups, each of them once,
// followed by the equals sign before a number of workers.
func (o *masterOptions) completeGroupSizes(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var given []string
	for _, arg := range args {
		name, _, _ := strings.Cut(arg, "=")
		given = append(given, name)
	}
	names, directive := o.completeGroups(cmd, given, "")
	for i := range names {
		names[i] += "="
	}
	return names, directive | cobra.ShellCompDirectiveNoSpace
}

// completeGroupFlag completes the value of a flag to a name of a group.
func (o *masterOptions) completeGroupFlag(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return o.groupNames(cmd.Context()), cobra.ShellCompDirectiveNoFileComp
}

// completeArgs makes --set and --unset complete to arguments of the running master.
func (o *masterOptions) completeArgs(cmd *cobra.Command) {
	complete := func(after string, directive cobra.ShellCompDirective) cobra.CompletionFunc {
		return func(cmd *cobra.Command, _ []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			o.askMaster(cmd.Context(), func(ctx context.Context, master *control.Client) {
				args, err := master.Args(ctx)
				if err != nil {
					return
				}
				for i := range args.Args {
					names = append(names, args.Args[i].Name+after)
				}
			})
			return names, directive
		}
	}
	mustComplete(cmd, "set", complete("=", cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace))
	mustComplete(cmd, "unset", complete("", cobra.ShellCompDirectiveNoFileComp))
}

// groupNames asks the running master for its groups.
func (o *masterOptions) groupNames(ctx context.Context) (names []string) {
	o.askMaster(ctx, func(ctx context.Context, master *control.Client) {
		st, _, err := master.Status(ctx)
		if err != nil {
			return
		}
		for i := range st.Groups {
			names = append(names, st.Groups[i].Name)
		}
	})
	return names
}

// askMaster calls ask with a client of the running master, if there is one, and for a
// short time. A completion cannot show an error.
func (o *masterOptions) askMaster(ctx context.Context, ask func(context.Context, *control.Client)) {
	socket, err := o.find()
	if err != nil {
		return
	}
	if ctx == nil {
		ctx = context.Background() // Cobra sets none while it completes
	}
	ctx, cancel := context.WithTimeout(ctx, completionTimeout)
	defer cancel()
	ask(ctx, control.NewClient(socket))
}

// completeFixed makes a flag complete to one of some words.
func completeFixed(cmd *cobra.Command, flag string, words ...string) {
	mustComplete(cmd, flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// completeList completes a list with commas to some words, each of them once.
func completeList(words []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) (out []string, _ cobra.ShellCompDirective) {
		before := typed[:strings.LastIndex(typed, ",")+1]
		given := strings.Split(before, ",")
		for _, word := range words {
			if !slices.Contains(given, word) {
				out = append(out, before+word)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// mustComplete sets how a flag completes. It panics if the command has no such
// flag.
func mustComplete(cmd *cobra.Command, flag string, by cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, by); err != nil {
		panic(err)
	}
}

// completeConfig completes arguments to configurations.
func completeConfig(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"star", "py"}, cobra.ShellCompDirectiveFilterFileExt
}
