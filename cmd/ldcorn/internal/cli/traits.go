package cli

import "github.com/spf13/cobra"

// A trait is something that the root does for a command. The command asks for it in
// its own file. Traits are keys of the annotations of the command.
type trait string

const (
	// evaluates: the command evaluates a configuration. It does so in a confined
	// process, so that no configuration can use up the memory of the machine, or
	// end with the stack of the interpreter on the terminal.
	evaluates trait = "evaluates"
	// takesFiles: the arguments are, or can be, configurations.
	takesFiles trait = "takes files"
	// noConfig: the command reads no configuration, and has no -c.
	noConfig trait = "no configuration"
	// reportsAs: --format is the format of the diagnostics of the command.
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
