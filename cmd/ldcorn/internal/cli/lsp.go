package cli

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/machine"
	"github.com/ldcorn/ldcorn/starlark/lsp"
)

// newLSPCommand returns the command that serves an editor.
func newLSPCommand(opts *rootOptions) *cobra.Command {
	stdio := false
	cmd := &cobra.Command{
		Use:         "lsp",
		Annotations: traits(noConfig),
		Short:       "Run a language server for editors",
		Long: `Run a language server for editors, which start it and speak with it over standard
input and output. It shows what check shows while you write, completes and explains
words, arguments and routes, finds definitions over load(), lists groups, formats, and
fixes what it has a fix for. It uses the texts that are not saved yet. It never runs
Python, and a configuration that takes too much time or memory does it no harm. A
variable that is not set in its environment is no error.

docs/editors.md says how to set up VS Code, Neovim, Helix and others.`,
		Example: `  ldcorn lsp                       as the command of a language server
  ldcorn lsp 2> /tmp/lsp.log       keep what goes wrong`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runLSP(ctx, opts)
		},
	}
	cmd.Flags().BoolVar(&stdio, "stdio", false, "use standard input and output, as without it")
	_ = cmd.Flags().MarkHidden("stdio") // some editors add it
	return cmd
}

func runLSP(ctx context.Context, opts *rootOptions) error {
	err := lsp.Serve(ctx, os.Stdin, os.Stdout, lsp.Options{
		Version: opts.build.read().Version, Delay: lsp.DefaultDelay,
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if ctx.Err() != nil {
		return nil // a signal has ended it
	}
	return err
}

// lspHelpers are what the server needs from the commands.
var lspHelpers = lsp.Helpers{Look: machine.Look, Explain: writeExplanation}
