package unit

import (
	"strings"
)

// A section is the text of one section of a unit.
type section struct {
	version int // of systemd
	text    strings.Builder
}

// note adds a comment, which is about the settings that follow.
func (s *section) note(lines ...string) {
	for _, line := range lines {
		s.text.WriteString("# " + line + "\n")
	}
}

// set adds a setting.
func (s *section) set(key, value string) { s.text.WriteString(key + "=" + value + "\n") }

// list adds a setting with words, if there are any.
func (s *section) list(key string, words []string) {
	if len(words) > 0 {
		s.set(key, strings.Join(words, " "))
	}
}

// since adds a setting that systemd has since a version, unless this one is older.
func (s *section) since(version int, key, value string) {
	if s.version >= version {
		s.set(key, value)
	}
}

// word returns a path or another word as settings take it: with its quotes, and without
// specifiers.
func word(text string) string {
	text = strings.ReplaceAll(text, "%", "%%")
	if text != "" && !strings.ContainsAny(text, " \t\n\"'\\;") {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(text) + `"`
}

// argument returns a word as ExecStart= takes it, which also replaces variables.
func argument(text string) string { return word(strings.ReplaceAll(text, "$", "$$")) }

// words applies word to each text.
func words(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = word(text)
	}
	return out
}
