package diag

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.starlark.net/resolve"
)

// Names are what the names in a file can mean, besides what the file itself defines.
type Names struct {
	Words []string // the predeclared names
	// TakesText reports whether an argument of this name can be a string. It is
	// required.
	TakesText func(argument string) bool
}

// Resolve explains every error in the names and statements of a file.
func Resolve(errs resolve.ErrorList, sources *Sources, names Names) []Diagnostic {
	var out []Diagnostic
	for _, err := range errs {
		out = append(out, resolveError(err, sources, names))
	}
	return out
}

var (
	undefinedName = regexp.MustCompile(`^undefined: (\S+?)(?: \(did you mean (\S+?)\?\))?$`)
	repeatedName  = regexp.MustCompile(`^keyword argument "(.*)" is repeated$`)
)

func resolveError(err resolve.Error, sources *Sources, names Names) Diagnostic {
	d := Diagnostic{Code: CodeResolve, Severity: Error, Message: err.Msg, Span: sources.Word(At(err.Pos))}
	if m := undefinedName.FindStringSubmatch(err.Msg); m != nil {
		d.Code = CodeUndefined
		d.Message = fmt.Sprintf("`%s` is not defined", m[1])
		src := sources.file(d.Span.File)
		if src == nil {
			return d
		}
		if other := otherFormat(d.Span.File, src); other != nil {
			return *other
		}
		d.Label = undefinedLabel(m[1], m[2], d.Span, src, names)
		return d
	}
	if m := repeatedName.FindStringSubmatch(err.Msg); m != nil {
		d.Code = CodeTwice
		d.Message, d.Label = fmt.Sprintf("`%s` is given twice", m[1]), "remove one of them"
		return d
	}
	switch {
	case strings.Contains(err.Msg, "while loop"):
		d.Code = CodePython
		d.Message, d.Label = "`while` is Python, not Starlark", statements["while"]
	case err.Msg == "load statement within a function" || strings.HasPrefix(err.Msg, "load statement within"):
		d.Message, d.Label = "`load` is allowed only at the top level of a file", "move it out, to the first lines"
	case strings.HasPrefix(err.Msg, "load: names with leading underscores"):
		d.Message, d.Label = "a name that begins with `_` stays in its file", "load another name, or rename it there"
	case strings.HasPrefix(err.Msg, "return statement not"):
		d.Message, d.Label = "`return` outside of a function", "remove it"
	case strings.HasPrefix(err.Msg, "positional argument may not follow named"):
		d.Message, d.Label = "a positional argument follows a named argument", "pass it by name: name = value"
	}
	return d
}

// elsewhere maps names that people know from Python to a suggestion.
var elsewhere = map[string]string{
	"os":              `read environment variables with env("NAME"), and count CPUs with cpu_count()`,
	"environ":         `read environment variables with env("NAME")`,
	"getenv":          `read environment variables with env("NAME")`,
	"multiprocessing": "count CPUs with cpu_count()",
	"sys":             "a configuration cannot access the running program",
	"true":            "did you mean `True`?",
	"false":           "did you mean `False`?",
	"null":            "did you mean `None`?",
	"nil":             "did you mean `None`?",
	"none":            "did you mean `None`?",
	"sum":             "add in a `for` loop",
	"round":           "write int(x + 0.5), or `//` to divide whole numbers",
	"map":             "write [f(x) for x in list]",
	"filter":          "write [x for x in list if …]",
	"isinstance":      `write type(x) == "string"`,
	"format":          `write "{}".format(x)`,
	"open":            "read a file with read_json(path), read_yaml, read_toml, env_file, secret_file or load",
	"Path":            "write the path as a string",
	"pathlib":         "write the path as a string",
	"datetime":        "a configuration has no clock",
	"time":            "a configuration has no clock",
	"random":          "a configuration gives the same plan every time",
	"Exception":       `write fail("why")`,
	"ValueError":      `write fail("why")`,
	"RuntimeError":    `write fail("why")`,
	"exit":            `write fail("why")`,
	"object":          "use struct(name = value)",
	"__file__":        "paths are already relative to the configuration's folder",
	"__name__":        "a configuration is never imported: remove what depends on it",
}

// undefinedLabel says what the author of a name most likely meant, or returns "".
// Suggestion is what the resolver has found among the names in scope.
func undefinedLabel(name, suggestion string, at Span, src *source, names Names) string {
	if line := src.bound[name]; line > at.Line {
		return fmt.Sprintf("`%s` is defined later, in line %d", name, line)
	}
	if hint := elsewhere[name]; hint != "" {
		return hint
	}
	bound := slices.Collect(maps.Keys(src.bound))
	near := Near(name, slices.Concat(bound, names.Words))
	if short := nearShort(name, bound); short != "" {
		near = short
	}
	inFile := slices.Contains(bound, near) || near == "" && suggestion != "" && !slices.Contains(names.Words, suggestion)
	if argument := bareValue(src.tokens, at); !inFile && argument != "" && names.TakesText(argument) {
		return fmt.Sprintf("did you mean %q, in quotes?", name)
	}
	if near = cmp.Or(near, suggestion); near == "" {
		return ""
	}
	return fmt.Sprintf("did you mean `%s`?", near)
}

// nearShort is Near for names of one letter: n is near nn, if the file binds nothing
// else that begins with it.
func nearShort(name string, bound []string) string {
	if len(name) > 1 {
		return ""
	}
	var near []string
	for _, b := range bound {
		if b != name && strings.HasPrefix(fold(b), fold(name)) {
			near = append(near, b)
		}
	}
	if len(near) != 1 {
		return ""
	}
	return near[0]
}
