package diag

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.starlark.net/resolve"
)

// Resolve explains every error in the names and statements of a file. Words are
// the predeclared names.
func Resolve(errs resolve.ErrorList, sources *Sources, words []string) []Diagnostic {
	var out []Diagnostic
	for _, err := range errs {
		out = append(out, resolveError(err, sources, words))
	}
	return out
}

var (
	undefinedName = regexp.MustCompile(`^undefined: (\S+?)(?: \(did you mean (\S+?)\?\))?$`)
	repeatedName  = regexp.MustCompile(`^keyword argument "(.*)" is repeated$`)
)

func resolveError(err resolve.Error, sources *Sources, words []string) Diagnostic {
	d := Diagnostic{Code: CodeResolve, Severity: Error, Message: err.Msg, Span: sources.Word(At(err.Pos))}
	if m := undefinedName.FindStringSubmatch(err.Msg); m != nil {
		d.Code = CodeUndefined
		d.Message = fmt.Sprintf("`%s` is not defined", m[1])
		d.Label = undefinedLabel(m[1], m[2], words)
		src := sources.file(d.Span.File)
		if src == nil {
			return d
		}
		if other := otherFormat(d.Span.File, src); other != nil {
			return *other
		}
		if elsewhere[m[1]] == "" && (m[2] == "" || slices.Contains(words, m[2])) && bareValue(src.tokens, d.Span) {
			d.Label = fmt.Sprintf("did you mean %q?", m[1])
		}
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
	"__name__":        "a configuration is never imported: remove the test",
}

func undefinedLabel(name, suggestion string, words []string) string {
	if hint := elsewhere[name]; hint != "" {
		return hint
	}
	if near := Near(name, words); near != "" {
		suggestion = near
	}
	if suggestion == "" {
		return ""
	}
	return fmt.Sprintf("did you mean `%s`?", suggestion)
}
