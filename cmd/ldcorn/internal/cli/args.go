package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// argsFlags are the flags of ldcorn args.
type argsFlags struct {
	*masterOptions
	envFlags
	set    setFlags
	python pythonFlags
	live   bool
	format outputFormat
}

// newArgsCommand returns the command that lists the arguments of a configuration.
func newArgsCommand(opts *rootOptions) *cobra.Command {
	f := &argsFlags{masterOptions: &masterOptions{rootOptions: opts}}
	cmd := &cobra.Command{
		Use:         "args [FILE]",
		Annotations: traits(evaluates, takesFiles),
		Short:       "List the arguments of a configuration, which --set changes",
		Long: `List the arguments that a configuration declares, with their values, types, defaults and
places. A configuration declares an argument with arg("workers", 2, help="…").

args evaluates the configuration. With --live it asks the running master, which keeps what
--set has given to it.`,
		Example: `  ldcorn args
  ldcorn args --set workers=4
  ldcorn args --live --json`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeConfig,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.masterOptions.addFlags(cmd)
	flags := cmd.Flags()
	f.set.addFlags(flags)
	f.envFlags.addFlags(flags)
	f.python.addFlags(flags)
	flags.BoolVar(&f.live, "live", false, "ask the running master")
	f.format.addTo(cmd, "print the arguments as JSON")
	return cmd
}

func (f *argsFlags) run(cmd *cobra.Command, args []string) error {
	path, err := f.configPath(args)
	if err != nil {
		return err
	}
	f.config = path
	var found *api.Args
	if f.live {
		found, err = f.ask(cmd)
	} else {
		found, err = f.evaluate(cmd.Context(), path, cmd.ErrOrStderr())
	}
	if err != nil {
		return err
	}
	if f.format.isJSON() {
		return api.Write(cmd.OutOrStdout(), found)
	}
	return writeArgs(cmd.OutOrStdout(), found)
}

// ask asks the running master.
func (f *argsFlags) ask(cmd *cobra.Command) (*api.Args, error) {
	for _, name := range []string{"set", "env", "env-file", "no-exec", "python", "python-timeout"} {
		if cmd.Flags().Changed(name) {
			return nil, usageError("args: --%s is for an evaluation here, not for --live", name)
		}
	}
	ctx, client, done, err := f.connect(cmd)
	if err != nil {
		return nil, err
	}
	defer done()
	return client.Args(ctx)
}

// evaluate evaluates the configuration in this process.
func (f *argsFlags) evaluate(ctx context.Context, path string, stderr io.Writer) (*api.Args, error) {
	if f.socket != "" {
		return nil, usageError("args: --control is for --live")
	}
	res, _, err := f.evaluateHere(ctx, path, &f.envFlags, &f.set, &f.python, stderr)
	if err != nil {
		return nil, err
	}
	return res.Plan.ListArgs(), nil
}

// writeArgs prints the arguments for people.
func writeArgs(w io.Writer, args *api.Args) error {
	var b strings.Builder
	if len(args.Args) == 0 {
		fmt.Fprintf(&b, "%s declares no arguments; workers = arg(\"workers\", 2) would declare one\n", shownPath(args.Config))
	}
	for i := range args.Args {
		a := &args.Args[i]
		name := a.Name + " = "
		fmt.Fprintln(&b, name+visible.Cut(a.ValueText(), terminal.DefaultWidth-utf8.RuneCountInString(name)-1))
		facts := fmt.Sprintf("    %s, default %s", a.Type, cut(a.DefaultText()))
		if a.Set {
			facts += ", given by --set"
		}
		fmt.Fprintln(&b, terminal.Wrap(facts+"; "+a.At, terminal.DefaultWidth))
		if help := strings.Join(strings.Fields(a.Help), " "); help != "" {
			fmt.Fprintln(&b, terminal.Wrap("    "+visible.String(help), terminal.DefaultWidth))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
