package cli

import "github.com/spf13/cobra"

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
	}
}
