package cli

import "github.com/spf13/cobra"

// A trait is what the root does for a command, which the command asks for in
// its own file. Traits are keys of the command's annotations.
type trait string

const (
	// evaluates: the command runs what is in a configuration. It does so in a
	// confined process, so that no configuration can fill the machine's memory,
	// or end with the interpreter's stack on the terminal.
	evaluates trait = "evaluates"
	// takesFiles: the arguments are configurations, or may be.
	takesFiles trait = "takes files"
	// noConfig: the command reads no configuration, and so takes no -c.
	noConfig trait = "no configuration"
	// reportsAs: --format is the form of the command's diagnostics.
	reportsAs trait = "reports as"
)

// traits returns the annotations of a command with some traits.
func traits(all ...trait) map[string]string {
	out := make(map[string]string)
	for _, t := range all {
		out[string(t)] = "yes"
	}
	return out
}

// of reports whether a command has the trait.
func (t trait) of(cmd *cobra.Command) bool {
	_, has := cmd.Annotations[string(t)]
	return has
}
