package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/dotenv"
)

// ReadEnvFile reads a file of NAME=value lines in the format of package dotenv. The
// variables in values are those of this process. The error never shows a value.
func ReadEnvFile(path string) ([]builtin.FileVariable, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, unreadableEnvFile(path, err)
	}
	return parseEnvFile(path, data, os.LookupEnv)
}

func unreadableEnvFile(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return missing(path, err)
	}
	return fmt.Errorf("cannot read %s: %w", path, innermost(err))
}

// parseEnvFile returns the variables of a file. The last of several with a name counts.
func parseEnvFile(path string, data []byte, lookup func(string) (string, bool)) ([]builtin.FileVariable, error) {
	vars, err := dotenv.Parse(string(data), lookup)
	if wrong := (dotenv.Errors)(nil); errors.As(err, &wrong) {
		lines := make([]string, len(wrong))
		for i, w := range wrong {
			lines[i] = fmt.Sprintf("%s:%d:%d: %s", path, w.Line, w.Col, w.Message)
			if w.Hint != "" {
				lines[i] += "; " + w.Hint
			}
		}
		return nil, errors.New(strings.Join(lines, "\n"))
	}
	out := make([]builtin.FileVariable, 0, len(vars))
	for _, v := range vars {
		if err := builtin.FitsSystem(v.Name, v.Value); err != nil {
			return nil, fmt.Errorf("%s: %s %w", path, v.Name, err)
		}
		out = append(out, builtin.FileVariable{Variable: v, File: path})
	}
	return out, nil
}

// readEnvFiles reads Options.EnvFiles. A variable that is set already wins.
func (w *world) readEnvFiles(paths []string) error {
	for _, path := range paths {
		data, err := w.readFile(path)
		if err != nil {
			return fmt.Errorf("--env-file: %w", unreadableEnvFile(path, err))
		}
		vars, err := parseEnvFile(path, data, w.lookupEnv)
		if err != nil {
			return fmt.Errorf("--env-file: %w", err)
		}
		w.envFiles = append(w.envFiles, envFile{path, data})
		for _, v := range vars {
			if _, set := w.lookupEnv(v.Name); !set {
				w.fileEnv = append(w.fileEnv, v)
			}
		}
	}
	return nil
}

// An envFile is a file of Options.EnvFiles.
type envFile struct {
	path string
	data []byte
}

// record records the files, and what they were weighed against, as inputs.
func (w *world) recordEnvFiles(in *inputs) {
	for _, f := range w.envFiles {
		in.add(plan.InputFile, f.path, f.data, true)
	}
}

// giveEnv gives the workers of all groups variables, as secrets, unless the group sets
// them or no worker can have them.
func giveEnv(p *plan.Plan, vars map[string]string) {
	for _, group := range p.Groups {
		for _, name := range slices.Sorted(maps.Keys(vars)) {
			set := slices.ContainsFunc(group.Env, func(v plan.EnvVar) bool { return v.Name == name })
			if _, refused := plan.RefuseVariable(name); set || refused || strings.HasPrefix(name, "LDCORN_") {
				continue
			}
			group.Env = append(group.Env, plan.Variable(name, plan.Secret(vars[name]), true))
		}
		slices.SortFunc(group.Env, func(a, b plan.EnvVar) int { return cmp.Compare(a.Name, b.Name) })
	}
}

// variables returns the variables that an evaluation has besides those of the
// environment.
func (w *world) variables(env map[string]string) map[string]string {
	out := make(map[string]string)
	for _, v := range w.fileEnv {
		out[v.Name] = v.Value
	}
	maps.Copy(out, env)
	return out
}

// hideVariables makes a report quote no value of the variables of files.
func (w *world) hideVariables(report *diag.Report, opts Options) {
	for _, v := range slices.Concat(w.fileEnv, opts.FileEnv) {
		report.Hidden.Add(v.Name, v.Value)
	}
}

// fileVariables returns the values that the variables of files have.
func (o *Options) fileVariables() map[string]string {
	out := make(map[string]string)
	for _, v := range o.FileEnv {
		out[v.Name] = o.Env[v.Name]
	}
	return out
}
