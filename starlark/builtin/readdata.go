package builtin

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/data"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A DataFile is a file beside the configuration that a word can read.
type DataFile struct {
	Path    string // absolute
	Name    string // as messages show it
	Missing bool   // there is no such file
	Near    string // what was likely meant, if it is missing
}

// dataFormats are the formats of files that words read, by the word.
var dataFormats = map[string]data.Format{"read_json": data.JSON, "read_yaml": data.YAML, "read_toml": data.TOML}

func dataWords() []Word {
	docs := map[string]string{
		"read_json": "The content of a JSON file, as json.decode gives it.",
		"read_yaml": "The content of a YAML file with one document: dicts, lists, strings, numbers, True, False and None. As in YAML 1.2, yes and on are strings. A date is a string.",
		"read_toml": "The content of a TOML file: a dict. A date or a time is a string.",
	}
	var out []Word
	for _, name := range []string{"read_json", "read_yaml", "read_toml"} {
		out = append(out, Word{Name: name, Returns: "any", Doc: docs[name], Arguments: []Argument{
			{Name: "path", Type: "str", Required: true, Rule: "relative to the file that calls or, with // in front, to the configuration's folder, in which it must be",
				Doc: "The file.", Example: `"tenants` + dataFormats[name].Extensions[0] + `"`, aka: []string{"file", "name", "filename"}},
			{Name: "default", Type: "any", Absent: "the file must exist", Doc: "The result if there is no such file.", aka: []string{"fallback"}},
		}})
	}
	return out
}

// readData implements read_json, read_yaml and read_toml.
func (s *Session) readData(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := s.begin(thread, s.words[b.Name()])
	have := c.bind(args, kwargs)
	g, def := have["path"], have["default"]
	if g == nil || value.IsUnset(g.value) || c.failed {
		return s.stand(b.Name()), nil
	}
	path, ok := c.pathText(g)
	if !ok {
		return s.stand(b.Name()), nil
	}
	file, problem := s.opts.Find(callerOf(thread), path)
	if problem != nil {
		problem.Code, problem.Span = codeData, g.span
		c.report(*problem)
		return s.stand(b.Name()), nil
	}
	if file.Missing {
		s.opts.Input(plan.InputFile, file.Path, nil, false)
		if def != nil {
			return def.value, nil
		}
		d := diag.Diagnostic{Code: codeData, Span: g.span, Message: fmt.Sprintf("there is no file %s", file.Name), Label: file.Near}
		if file.Near == "" {
			d.Label, d.Hint = "add default=… to go on without it", "a path starts at the folder of the file that has it, or with // at the configuration's"
		}
		c.report(d)
		return s.stand(b.Name()), nil
	}
	text, err := s.opts.ReadFile(file.Path)
	switch {
	case err != nil:
		c.report(diag.Diagnostic{Code: codeData, Span: g.span, Message: fmt.Sprintf("cannot read %s: %v", file.Name, innermost(err))})
	default:
		s.opts.Input(plan.InputFile, file.Path, text, false)
		return c.decode(thread, file, g.span, string(text))
	}
	return s.stand(b.Name()), nil
}

// callerOf returns the file whose code calls the word, or "" if a function of the
// language does.
func callerOf(thread *starlark.Thread) string {
	if thread.CallStackDepth() < 2 {
		return ""
	}
	if pos := thread.CallFrame(1).Pos; diag.InFile(pos) {
		return pos.Filename()
	}
	return ""
}

// innermost returns an error without the path that it is about.
func innermost(err error) error {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		return cause.Err
	}
	return err
}

// decode reads a text, or reports a mistake in it at its place.
func (c *call) decode(thread *starlark.Thread, file DataFile, at diag.Span, text string) (starlark.Value, error) {
	format := dataFormats[c.word.Name]
	v, err := format.Decode(thread, text)
	if err == nil {
		return v, nil
	}
	d := diag.Diagnostic{Code: codeData, Span: at, Message: fmt.Sprintf("cannot read %s: %v", file.Name, err)}
	if wrong := new(data.Error); errors.As(err, &wrong) {
		d.Span = diag.Span{File: file.Name, Line: wrong.Line, Col: wrong.Col}
		d.Message = fmt.Sprintf("%s is not valid %s: %s", file.Name, format.Name, wrong.Message)
		d.Related = []diag.Related{{Span: at, Label: "the file is read here"}}
		d.Hint = otherFormat(format, file.Name)
		c.session.opts.Sources.Add(file.Name, text)
	}
	c.report(d)
	return c.session.stand(c.word.Name), nil
}

// otherFormat suggests the word for the format that a file's name tells.
func otherFormat(not data.Format, name string) string {
	for word, f := range dataFormats {
		for _, ext := range f.Extensions {
			if strings.HasSuffix(name, ext) && !slices.Contains(not.Extensions, ext) && f.Name != not.Name {
				return fmt.Sprintf("%s reads %s", word, f.Name)
			}
		}
	}
	return ""
}
