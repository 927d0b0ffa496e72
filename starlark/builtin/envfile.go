package builtin

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/bound"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/dotenv"
	"github.com/ldcorn/ldcorn/starlark/value"
)

func envFileWord() Word {
	return Word{Name: "env_file", Returns: "dict[str, secret]",
		Doc: "The variables of a file of NAME=value lines (.env), as secrets, for `env` of WorkerGroup. After the call, secret and env know them, too: secret as a secret, and env as plain text, which plans show; errors name the variable instead of its value. " +
			"A variable that is set already keeps its value: in the environment, by --env-file or by an earlier env_file. Variables that no worker can have are left out of the result. Values are data: {index} in one stays as it is.",
		Arguments: []Argument{
			{Name: "path", Type: "str", Required: true, Rule: "a relative path starts at the configuration's folder",
				Doc: "The file, in the format of python-dotenv and Docker Compose: quotes, export, comments, values of several lines, ${NAME} and ${NAME:-default}.", Example: `".env"`, aka: []string{"file", "name", "filename", "dotenv_path"}},
			{Name: "default", Type: "dict[str, str | secret] | None", Absent: "the file must exist", Doc: "The result if there is no such file.", aka: []string{"fallback"}},
		}}
}

// A FileVariable is a variable of a file.
type FileVariable struct {
	dotenv.Variable
	File string // as messages show it
}

// envFile implements env_file.
func (s *Session) envFile(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := s.begin(thread, s.words["env_file"])
	have := c.bind(args, kwargs)
	def := have["default"]
	if def != nil && def.value != starlark.None && !value.IsUnset(def.value) {
		if _, ok := def.value.(*starlark.Dict); !ok {
			c.wrongValue(def, value.WrongType("a dict", def.value, "write default={} to go on without the file"))
		}
	}
	path, name, ok := c.secretPath(have["path"])
	if !ok || c.failed {
		return s.stand("env_file"), nil
	}
	data, err := s.opts.ReadFile(path)
	if err != nil {
		s.opts.Input(plan.InputFile, path, nil, true)
		if def != nil && errors.Is(err, fs.ErrNotExist) {
			return def.value, nil
		}
		c.unreadable(path, have["path"].span, err)
		s.unread = true
		return s.stand("env_file"), nil
	}
	s.opts.Input(plan.InputFile, path, data, true)
	if err := bound.Spend(thread, 4*len(data), "reading the file"); err != nil {
		return nil, err
	}
	vars, err := dotenv.Parse(string(data), func(name string) (string, bool) { return s.lookup(name, true) })
	if wrong := (dotenv.Errors)(nil); errors.As(err, &wrong) {
		s.unread = true
		for _, w := range wrong {
			c.report(diag.Diagnostic{Code: codeSecret, Span: diag.Span{File: name, Line: w.Line, Col: w.Col},
				Message: w.Message, Hint: w.Hint, Related: []diag.Related{{Span: have["path"].span, Label: "the file is read here"}}})
		}
		return s.stand("env_file"), nil
	}
	return s.keepVariables(name, vars)
}

// secretPath reads the path of a file with secrets. It returns the name that messages
// show, too.
func (c *call) secretPath(g *given) (path, name string, ok bool) {
	if g == nil || value.IsUnset(g.value) {
		return "", "", false
	}
	path, ok = c.pathText(g)
	if !ok {
		return "", "", false
	}
	if filepath.IsAbs(path) {
		return path, path, true
	}
	return filepath.Join(c.session.opts.Dir, path), filepath.Join(c.session.opts.NameDir, path), true
}

// pathText reads a path that must be given.
func (c *call) pathText(g *given) (string, bool) {
	path, err := value.String(g.value)
	if err == nil && strings.TrimSpace(path) == "" {
		err = value.Wrong("write "+g.arg.Example, "is empty")
	} else if err == nil {
		err = notEmpty(path)
	}
	if err != nil {
		c.wrongValue(g, err)
	}
	return path, err == nil
}

// keepVariables makes the variables of a file known to env, unless they are set
// already, and returns their values. File is the name of the file as messages show it.
func (s *Session) keepVariables(file string, vars []dotenv.Variable) (starlark.Value, error) {
	last := make(map[string]string, len(vars))
	for _, v := range vars {
		last[v.Name] = v.Value
		s.files = append(s.files, FileVariable{v, file})
	}
	out := starlark.NewDict(len(last))
	for _, v := range vars {
		text, set := s.lookup(v.Name, true)
		if !set {
			text = last[v.Name]
			s.fileEnv[v.Name] = text
		}
		if _, refused := plan.RefuseVariable(v.Name); refused || strings.HasPrefix(v.Name, "LDCORN_") {
			continue
		}
		if err := out.SetKey(starlark.String(v.Name), value.NewSecret(text).Literally()); err != nil {
			return nil, err
		}
	}
	return out, nil
}
