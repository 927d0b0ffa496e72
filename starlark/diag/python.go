package diag

import (
	"fmt"
	"regexp"
	"strings"
)

// pythonisms finds Python in a file that Starlark's parser has refused. It runs
// only on such files, so a false positive does no harm to valid files.
func pythonisms(file string, tokens []token) []Diagnostic {
	words := make([]token, 0, len(tokens))
	for _, t := range tokens {
		if t.kind != tokenComment {
			words = append(words, t)
		}
	}
	var found []Diagnostic
	seen := make(map[int]bool) // one finding per line: the others follow from it
	for i := range words {
		message, label := pythonism(words, i)
		if message == "" || seen[words[i].line] {
			continue
		}
		seen[words[i].line] = true
		found = append(found, Diagnostic{
			Code:     CodePython,
			Severity: Error,
			Message:  message,
			Label:    label,
			Span:     words[i].span(file),
		})
	}
	return found
}

// statements maps Python statements that Starlark reserves or does not know to
// a suggestion.
var statements = map[string]string{
	"class":    "use struct(name = value), or a function that returns a WorkerGroup",
	"try":      "Starlark catches no errors: test for the condition with `if` instead",
	"except":   "Starlark catches no errors: test for the condition with `if` instead",
	"finally":  "Starlark catches no errors",
	"raise":    `write fail("why")`,
	"assert":   `write: if not …: fail("why")`,
	"with":     "a configuration opens no files, so there is nothing to close",
	"while":    "use `for i in range(n)`",
	"global":   "return the value from the function instead",
	"nonlocal": "return the value from the function instead",
	"async":    "a configuration is evaluated once, in order",
	"await":    "a configuration is evaluated once, in order",
	"yield":    "build a list and return it",
	"del":      "build the list or dict without it",
}

// pythonism returns an error about the token at i, and a correction.
func pythonism(w []token, i int) (message, label string) {
	t := w[i]
	next, last := at(w, i+1), at(w, i-1)
	switch {
	case t.kind == tokenString:
		return pythonString(t, last)
	case t.kind == tokenName && t.first && (t.text == "import" || t.text == "from"):
		return "`import` is Python; in Starlark every word is already defined", importLabel(next.text)
	case t.kind == tokenName && t.first && statements[t.text] != "" && !next.is("=") && !next.is("("):
		return fmt.Sprintf("`%s` is Python, not Starlark", t.text), statements[t.text]
	case t.is("match") && t.first && t.kind == tokenName && opensBlock(w, i):
		return "`match` is Python, not Starlark", "write if … elif … else"
	case t.is("yield") || t.is("await"):
		return fmt.Sprintf("`%s` is Python, not Starlark", t.text), statements[t.text]
	case t.is("is") && next.is("not"):
		return "`is not` is Python, not Starlark", "write !="
	case t.is("is") && t.kind == tokenName && !next.is("="):
		return "`is` is Python, not Starlark", "write =="
	case t.is("print") && t.first && next.kind == tokenString:
		return "`print` is a function", "put its arguments in parentheses"
	case t.is(":="):
		return "`:=` is Python, not Starlark", "assign on a line of its own"
	case t.is("->"):
		return "type annotations are Python, not Starlark", "remove the type"
	case t.is(":") && annotates(w, i):
		return "type annotations are Python, not Starlark", "remove the type"
	case t.is("@") && t.first:
		return "decorators are Python, not Starlark", "call the function by its name"
	case t.is("**") && !last.is("(") && !last.is(",") && !last.is("{") && isValueEnd(last):
		return "`**` is Python, not Starlark", "multiply instead, or write 1 << n for a power of two"
	case t.is("**") && braceBefore(w, i):
		return "`**` cannot spread a dict into another", "write dict_a | dict_b"
	case t.is("*") && last.is("[") && next.kind != tokenOp:
		return "`*` cannot spread a list into another", "write list_a + list_b"
	}
	return foreign(t, next)
}

// foreign detects operators of other languages.
func foreign(t, next token) (message, label string) {
	switch {
	case t.is("&&"):
		return "`&&` is not an operator in Starlark", "write `and`"
	case t.is("||"):
		return "`||` is not an operator in Starlark", "write `or`"
	case t.is("++") || t.is("--"):
		return fmt.Sprintf("`%s` is not an operator in Starlark", t.text), fmt.Sprintf("write `%s= 1`", t.text[:1])
	case t.is("!") && next.kind != tokenNewline:
		return "`!` is not an operator in Starlark", "write `not`"
	case t.is("//") && t.first:
		return "`//` does not begin a comment", "comments begin with #"
	case t.is("else") && next.is("if"):
		return "`else if` is not Starlark", "write `elif`"
	}
	return "", ""
}

// pythonString detects prefixes that Starlark lacks and adjacent strings.
func pythonString(t, last token) (message, label string) {
	prefix := strings.ToLower(t.prefix)
	switch {
	case strings.Contains(prefix, "f"):
		return "f-strings are Python, not Starlark", "write " + formatCall(t)
	case strings.Contains(prefix, "t"):
		return "t-strings are Python, not Starlark", "write " + formatCall(t)
	case strings.Contains(prefix, "u"):
		return "a string needs no `u` before it", "remove the letter"
	case last.kind == tokenString && last.depth == t.depth && t.text != "":
		return "Starlark does not join adjacent strings", "put `+` before this, or a comma"
	}
	return "", ""
}

var formatField = regexp.MustCompile(`\{([A-Za-z_][\w.]*(?:\([\w, ]*\)|\[[\w]*\])?)\}`)

// formatCall rewrites an f-string if its fields are simple, and otherwise shows
// the form.
func formatCall(t token) string {
	body := t.text[len(t.prefix):]
	rest := formatField.ReplaceAllString(body, "")
	fields := formatField.FindAllStringSubmatch(body, -1)
	if strings.ContainsAny(rest, "{}\n") || len(fields) == 0 {
		return `"{} …".format(value)`
	}
	var values []string
	for _, f := range fields {
		values = append(values, f[1])
	}
	return fmt.Sprintf("%s.format(%s)", formatField.ReplaceAllString(body, "{}"), strings.Join(values, ", "))
}

func importLabel(module string) string {
	switch module {
	case "ldcorn":
		return "delete this line: LdConfig and WorkerGroup are always available"
	case "dotenv":
		return `delete this line: env_file(".env") reads a file of variables`
	case "os", "environ":
		return `delete this line: env("NAME") reads an environment variable, cpu_count() counts CPUs`
	case "multiprocessing", "psutil":
		return "delete this line: cpu_count() is always available"
	case "typing", "__future__", "dataclasses", "enum":
		return "delete this line: Starlark has no type annotations"
	case "argparse", "click", "typer", "sys":
		return `delete this line: arg("name", default) declares an argument, which --set gives`
	case "platform", "socket", "subprocess", "pathlib", "shutil":
		return `delete this line: a configuration cannot look at the machine; env("NAME") reads an environment variable`
	case "yaml":
		return `delete this line: read_yaml("file.yaml") reads a file`
	case "toml", "tomllib":
		return `delete this line: read_toml("file.toml") reads a file`
	case "configparser", "csv":
		return `delete this line: read_json, read_yaml and read_toml read files; or write the data as a list or dict, also in another file, with load("other.star", "name")`
	case "json", "math":
		return fmt.Sprintf("delete this line: `%s` is always available", module)
	}
	return `delete this line; share code between files with load("other.star", "name")`
}

// opensBlock reports whether the statement that begins at i ends with a colon and
// is not the use of a variable.
func opensBlock(w []token, i int) bool {
	if next := at(w, i+1); next.is("=") || next.is(".") || next.is(":") || next.is(",") {
		return false
	}
	for ; i < len(w) && w[i].kind != tokenNewline; i++ {
	}
	return at(w, i-1).is(":")
}

// annotates reports whether the colon at i introduces a type: after a name at
// the start of a statement, or after a parameter of a def.
func annotates(w []token, i int) bool {
	name := at(w, i-1)
	if name.kind != tokenName || keyword[name.text] {
		return false
	}
	if name.first {
		next := at(w, i+1)
		return next.kind == tokenName || next.kind == tokenString
	}
	before := at(w, i-2)
	if !before.is("(") && !before.is(",") && !before.is("*") && !before.is("**") {
		return false
	}
	// Find the def that opened this bracket.
	for j := i - 1; j >= 2; j-- {
		if w[j].is("(") && w[j].depth == w[i].depth-1 {
			return w[j-1].kind == tokenName && w[j-2].is("def")
		}
	}
	return false
}

// keyword holds the words that a colon can follow in Starlark.
var keyword = map[string]bool{"else": true, "lambda": true, "try": true, "finally": true, "except": true}

// braceBefore reports whether the token at i is in a dict display.
func braceBefore(w []token, i int) bool {
	for j := i - 1; j >= 0; j-- {
		if w[j].kind == tokenOp && w[j].depth == w[i].depth-1 && strings.Contains("([{", w[j].text) {
			return w[j].text == "{"
		}
	}
	return false
}

func isValueEnd(t token) bool {
	return t.kind == tokenName || t.kind == tokenNumber || t.is(")") || t.is("]")
}

// at returns the token at i, or the zero token if there is none.
func at(w []token, i int) token {
	if i < 0 || i >= len(w) {
		return token{kind: tokenNewline}
	}
	return w[i]
}
