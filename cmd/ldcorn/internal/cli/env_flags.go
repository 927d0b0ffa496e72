package cli

import (
	"maps"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ldcorn/ldcorn/starlark/config"
)

// envFlags are the flags that replace variables of the environment, for commands that
// evaluate a configuration which may be meant for another machine.
type envFlags struct {
	env      []string
	envFiles []string
}

func (f *envFlags) addFlags(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.env, "env", nil, "set an environment variable for the evaluation, as `NAME=VALUE` (repeatable)")
	flags.StringArrayVar(&f.envFiles, "env-file", nil, "read variables from a `FILE` such as .env; they replace those of the environment (repeatable)")
}

// apply makes an evaluation use the variables that the flags set. Workers get those of
// the files, as with ldcorn run.
func (f *envFlags) apply(to *config.Options) error {
	all, err := f.variables()
	if err != nil {
		return err
	}
	to.Env, to.WorkerEnv = all, make(map[string]string)
	files := envFlags{envFiles: f.envFiles}
	named, err := files.variables()
	for name := range named {
		to.WorkerEnv[name] = all[name]
	}
	return err
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
