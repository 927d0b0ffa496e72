package cli

import (
	"bytes"
	"cmp"
	"io"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/starlark/reference"
)

// formatMarkdown is the format of the reference page.
const formatMarkdown = "markdown"

// newSchemaCommand returns the command that shows the language of configurations.
func newSchemaCommand(opts *rootOptions) *cobra.Command {
	markdown, format := false, outputFormat{}
	cmd := &cobra.Command{
		Use:         "schema [NAME]",
		Annotations: traits(noConfig),
		Short:       "Show the words of the configuration and their arguments",
		Long: `Show the words of the configuration and their arguments: types, defaults, rules, and
what a change takes.

NAME is a word, an argument (with or without its word), a type, or the code of an error
or a warning. Without NAME, schema shows a line for each word.`,
		Example: `  ldcorn schema
  ldcorn schema WorkerGroup
  ldcorn schema WorkerGroup.routes
  ldcorn schema L012
  ldcorn schema --json             everything, for programs
  ldcorn schema --markdown         docs/language.md`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return reference.Names(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			switch {
			case markdown && format.given != "", (markdown || format.name != formatText) && len(args) > 0:
				return usageError("schema: want one of NAME, --json and --markdown")
			case format.isJSON():
				return reference.WriteJSON(out)
			case markdown || format.name == formatMarkdown:
				return reference.WriteMarkdown(out)
			}
			var text bytes.Buffer
			if len(args) == 0 {
				_ = reference.WriteOverview(&text) // memory never fails
			} else if err := reference.WriteEntry(&text, args[0]); err != nil {
				return err
			}
			_, err := io.WriteString(out, terminal.Wrap(text.String(), cmp.Or(opts.color.Look(out).Width, terminal.DefaultWidth)))
			return err
		},
	}
	format.addTo(cmd, "everything, as JSON", formatMarkdown)
	cmd.Flags().BoolVar(&markdown, "markdown", false, "the reference page")
	return cmd
}
