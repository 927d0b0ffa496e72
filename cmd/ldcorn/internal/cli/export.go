package cli

import (
	"github.com/spf13/cobra"
)

// exportFormats are the formats that ldcorn export writes. Each is a command of its own.
var exportFormats = []string{"systemd"}

// newExportCommand returns the command that writes what runs a configuration as a service.
func newExportCommand(opts *rootOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export FORMAT",
		Short: "Write the files that run a configuration as a service",
		Long: `Write the files that run a configuration as a service: systemd, its units.

The files are for the configuration as it is now. Export it again when it listens,
reads or writes elsewhere.`,
		Example: `  ldcorn export systemd
  ldcorn export systemd -c /srv/app/ldconfig.star --user app
  sudo ldcorn export systemd -o /etc/systemd/system`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("export: want a format: %s", orList(exportFormats))
			}
			return usageError("export: no format is called %q; there is %s", args[0], orList(exportFormats))
		},
		RunE: func(*cobra.Command, []string) error { return nil }, // Args always fails
	}
	cmd.AddCommand(newExportSystemdCommand(opts))
	return cmd
}
