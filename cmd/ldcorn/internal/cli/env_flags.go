package cli

import (
	"maps"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ldcorn/ldcorn/starlark/config"
)

// envFlags are the flags that replace variables of the environment.
type envFlags struct {
	env      []string
	envFiles []string
}

func (f *envFlags) addFlags(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.env, "env", nil, "set an environment variable for the evaluation, as `NAME=VALUE` (repeatable)")
	flags.StringArrayVar(&f.envFiles, "env-file", nil, "read environment variables from a `FILE` of NAME=VALUE lines (repeatable)")
}

// variables returns the variables that the flags set.
func (f *envFlags) variables() (map[string]string, error) {
	out := make(map[string]string)
	for _, path := range f.envFiles {
		vars, err := config.ReadEnvFile(path)
		if err != nil {
			return nil, &exitError{exitFailure, err}
		}
		maps.Copy(out, vars)
	}
	for _, kv := range f.env {
		name, value, ok := strings.Cut(kv, "=")
		if !ok || name == "" {
			return nil, usageError("--env %q: want NAME=VALUE", kv)
		}
		out[name] = value
	}
	return out, nil
}
