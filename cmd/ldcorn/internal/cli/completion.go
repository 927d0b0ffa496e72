package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// shells are the shells that have a completion, and how to load it.
var shells = map[string]string{
	"bash": `Write the completion script of bash. It needs the package bash-completion.

  source <(ldcorn completion bash)               in this shell
  mkdir -p ~/.local/share/bash-completion/completions
  ldcorn completion bash > ~/.local/share/bash-completion/completions/ldcorn
                                                 in every new shell`,
	"zsh": `Write the completion script of zsh. It needs "autoload -U compinit; compinit" in ~/.zshrc.

  source <(ldcorn completion zsh)                in this shell
  ldcorn completion zsh > "${fpath[1]}/_ldcorn"  in every new shell`,
	"fish": `Write the completion script of fish.

  ldcorn completion fish | source                in this shell
  ldcorn completion fish > ~/.config/fish/completions/ldcorn.fish
                                                 in every new shell`,
}

// addCompletion adds Cobra's completion command, and makes an unknown shell a usage
// error: Cobra shows the help and exits with 0.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd("completion")
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.Annotations = traits(noConfig)
		cmd.Short = "Write the completion script of a shell"
		cmd.Long = `Write a script to standard output. With it, a shell completes commands, flags, files and
names of groups. The help of the command for each shell says where to put the script. The script for bash needs the package
bash-completion.`
		cmd.Example = `  source <(ldcorn completion bash)
  ldcorn completion zsh > "${fpath[1]}/_ldcorn"
  ldcorn completion fish > ~/.config/fish/completions/ldcorn.fish`
		cmd.Args = nil
		cmd.RunE = func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return usageError("completion: got %q, want bash, fish, powershell or zsh", args[0])
		}
		for _, shell := range cmd.Commands() {
			if long := shells[shell.Name()]; long != "" {
				shell.Long = long
			}
		}
	}
}

// plainUsages takes the marks around the names of values out of the usages of flags,
// which a completion would show.
func plainUsages(cmd *cobra.Command) {
	plain := func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") }
	cmd.Flags().VisitAll(plain)
	cmd.PersistentFlags().VisitAll(plain)
	for _, sub := range cmd.Commands() {
		plainUsages(sub)
	}
}
