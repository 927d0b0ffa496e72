package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/api"
)

// A Build has the values that the linker sets in a release. Go's record of the build
// replaces those that are empty.
type Build struct{ Version, Commit string }

// read returns the version that "ldcorn version" shows.
func (b Build) read() api.Version {
	v := api.Version{
		FormatVersion: api.VersionVersion, Version: b.Version, Commit: b.Commit,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		settings := make(map[string]string)
		for _, s := range info.Settings {
			settings[s.Key] = s.Value
		}
		revision := settings["vcs.revision"]
		if revision != "" && settings["vcs.modified"] == "true" {
			revision += " (modified)"
		}
		v.Version = cmp.Or(v.Version, info.Main.Version)
		v.Commit = cmp.Or(v.Commit, revision)
	}
	v.Version, v.Commit = cmp.Or(v.Version, "(devel)"), cmp.Or(v.Commit, "unknown")
	return v
}

// versionText formats a version for people.
func versionText(v api.Version) string {
	return fmt.Sprintf("ldcorn %s, commit %s, %s %s", v.Version, v.Commit, v.Go, v.Platform)
}

func newVersionCommand(opts *rootOptions) *cobra.Command {
	format := outputFormat{}
	cmd := &cobra.Command{
		Use:         "version",
		Annotations: traits(noConfig),
		Short:       "Show the version of ldcorn, its commit and its Go version",
		Example: `  ldcorn version
  ldcorn version --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := opts.build.read()
			if format.isJSON() {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(v)
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), versionText(v))
			return err
		},
	}
	format.addTo(cmd, "as JSON")
	return cmd
}
