package builtin

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

func secretFileWord() Word {
	return Word{Name: "secret_file", Returns: "secret", Doc: "The content of a file as a secret, which is never printed. One newline at the end is removed.",
		Arguments: []Argument{
			{Name: "path", Type: "str", Required: true, Rule: "a relative path starts at the configuration's folder",
				Doc: "The file.", Example: `"/run/secrets/name"`, aka: []string{"file", "name", "filename"}},
		}}
}

// secretFile implements secret_file.
func (s *Session) secretFile(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := s.begin(thread, s.words["secret_file"])
	g := c.bind(args, kwargs)["path"]
	path, _, ok := c.secretPath(g)
	if !ok {
		return s.stand("secret_file"), nil
	}
	data, err := s.opts.ReadFile(path)
	if err != nil {
		s.opts.Input(plan.InputFile, path, nil, true)
		c.unreadable(path, g.span, err)
		return s.stand("secret_file"), nil
	}
	s.opts.Input(plan.InputFile, path, data, true)
	data = bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
	return value.NewSecret(string(data)), nil
}

func (c *call) unreadable(path string, span diag.Span, err error) {
	missing := errors.Is(err, fs.ErrNotExist)
	if missing && c.session.opts.AllowMissing {
		return
	}
	d := diag.Diagnostic{Code: codeSecret, Span: span}
	var cause *fs.PathError
	switch {
	case missing:
		d.Message = fmt.Sprintf("there is no file %s", path)
		if c.word.argument("default") != nil {
			d.Label = "add default={} to go on without it"
		}
	case errors.As(err, &cause):
		d.Message = fmt.Sprintf("cannot read %s: %v", path, cause.Err)
	default:
		d.Message = fmt.Sprintf("cannot read %s: %v", path, err)
	}
	c.report(d)
}
