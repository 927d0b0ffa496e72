package tests

import (
	"context"
	"maps"
	"os"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/starlark/config"
)

// An Evaluate evaluates a configuration with other variables, of which nil means not
// set, and other arguments, within a number of steps.
type Evaluate func(ctx context.Context, env map[string]*string, args map[string]starlark.Value, steps uint64) (*config.Result, error)

// Evaluator returns a function that evaluates the configuration at path as with the
// options, except that it prints nothing.
func Evaluator(path string, opts config.Options) Evaluate {
	lookup := opts.LookupEnv
	if lookup == nil {
		lookup = os.LookupEnv
	}
	return func(ctx context.Context, env map[string]*string, args map[string]starlark.Value, steps uint64) (*config.Result, error) {
		of := opts
		of.Tests, of.Print, of.Record, of.MaxSteps, of.Args = false, nil, nil, steps, args
		of.Env = make(map[string]string)
		maps.Copy(of.Env, opts.Env)
		for name, text := range env {
			if delete(of.Env, name); text != nil {
				of.Env[name] = *text
			}
		}
		of.LookupEnv = func(name string) (string, bool) {
			if text, given := env[name]; given && text == nil {
				return "", false
			}
			return lookup(name)
		}
		return config.Evaluate(ctx, path, of)
	}
}
