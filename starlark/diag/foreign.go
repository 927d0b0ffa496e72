package diag

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	yamlItem    = regexp.MustCompile(`^\s*- +["']?[A-Za-z_][\w-]*["']?:(\s|$)`)
	yamlKey     = regexp.MustCompile(`^([A-Za-z_][\w-]*):\s*(#.*)?$`)
	tomlSection = regexp.MustCompile(`^\[\[?[A-Za-z_][\w.-]*\]\]?\s*(#.*)?$`)
)

// otherFormat finds out that a file is in a format of data, and returns an error
// about the line that shows it, or nil. It is for files that are not correct: a
// line of TOML can be Starlark.
func otherFormat(file string, src *source) *Diagnostic {
	inString := make(map[int]bool)
	for _, t := range src.tokens {
		if t.kind == tokenString {
			for i := range strings.Count(t.text, "\n") {
				inString[t.line+1+i] = true
			}
		}
	}
	for i, line := range src.lines {
		line = strings.TrimRight(line, "\r")
		format := ""
		switch key := yamlKey.FindStringSubmatch(line); {
		case inString[i+1]:
		case yamlItem.MatchString(line), strings.TrimSpace(line) == "---", key != nil && !keyword[key[1]]:
			format = "YAML"
		case tomlSection.MatchString(line):
			format = "TOML"
		}
		if format != "" {
			text := strings.TrimSpace(line)
			col := 1 + utf8.RuneCountInString(line[:strings.Index(line, text)])
			return &Diagnostic{
				Code: CodeSyntax, Severity: Error,
				Message: fmt.Sprintf("this is %s, but a configuration is written in Starlark", format),
				Span:    Span{File: file, Line: i + 1, Col: col, End: col + utf8.RuneCountInString(text)},
				Hint:    `write config = LdConfig(bind="127.0.0.1:8000", workers=[WorkerGroup(name="web", app="main:app")])`,
			}
		}
	}
	return nil
}

// strangeCharacter explains a character that Starlark does not know. The text is
// that of its line, from the character on.
func strangeCharacter(text string) (message, label string) {
	r, _ := utf8.DecodeRuneInString(text)
	switch {
	case strings.ContainsRune("“”„‟«»", r):
		return fmt.Sprintf("%c is a typographic quote", r), `write a straight one: "`
	case strings.ContainsRune("‘’‚‛`´", r):
		return fmt.Sprintf("%c is a typographic quote", r), `write a straight one: ' or "`
	case strings.ContainsRune("–—−", r):
		return fmt.Sprintf("%c is a typographic dash", r), "write -"
	case unicode.IsSpace(r) || unicode.Is(unicode.Cf, r):
		return fmt.Sprintf("the character U+%04X here is no ordinary space", r), "replace it with a space"
	}
	return "this character has no meaning here", ""
}

// from returns the text of a line from a column on.
func (s *source) from(line, col int) string {
	if line < 1 || line > len(s.lines) {
		return ""
	}
	text := []rune(s.lines[line-1])
	return string(text[min(max(col-1, 0), len(text)):])
}
