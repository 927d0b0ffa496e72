package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ldcorn/ldcorn/starlark/builtin"
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
	var err error
	if to.FileEnv, err = f.ofFiles(); err != nil {
		return err
	}
	to.Env, err = f.variables()
	return err
}

// ofFiles returns the variables of the files, in their order.
func (f *envFlags) ofFiles() ([]builtin.FileVariable, error) {
	var out []builtin.FileVariable
	for _, path := range f.envFiles {
		vars, err := config.ReadEnvFile(path)
		if err != nil {
			return nil, &exitError{exitFailure, fmt.Errorf("--env-file: %w", err)}
		}
		out = append(out, vars...)
	}
	return out, nil
}

// variables returns the variables that the flags set.
func (f *envFlags) variables() (map[string]string, error) {
	out := make(map[string]string)
	vars, err := f.ofFiles()
	if err != nil {
		return nil, err
	}
	for _, v := range vars {
		out[v.Name] = v.Value
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
