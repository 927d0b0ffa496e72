package cli

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/loader"
	"github.com/ldcorn/ldcorn/engine"
)

// A watchFlag is the value of --watch.
type watchFlag struct{ on, poll bool }

func (f *watchFlag) addFlag(flags *pflag.FlagSet) {
	flags.Var(f, "watch", "for development: reload what is saved; --watch=poll looks at the files again and again, where the system does not tell of changes")
	flags.Lookup("watch").NoOptDefVal = "true"
}

// String implements pflag.Value.
func (f *watchFlag) String() string {
	if f.poll {
		return "poll"
	}
	return fmt.Sprint(f.on)
}

// Set implements pflag.Value.
func (f *watchFlag) Set(value string) error {
	switch value {
	case "true", "poll":
		f.on, f.poll = true, value == "poll"
	case "false":
		*f = watchFlag{}
	default:
		return usageError("--watch: got %q, want --watch or --watch=poll", value)
	}
	return nil
}

// Type implements pflag.Value. The help shows no value for a bool.
func (f *watchFlag) Type() string { return "bool" }

// options returns the options of an engine, nil if nothing is watched.
func (f *watchFlag) options(config *loader.Loader) *engine.WatchOptions {
	if !f.on {
		return nil
	}
	return &engine.WatchOptions{Paths: config.Paths, Diagnose: config.Diagnose, Poll: f.poll}
}
