package config

import (
	"fmt"
	"regexp"
	"strings"
)

var envLine = regexp.MustCompile(`^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$`)

// ReadEnvFile reads a file of NAME=value lines in the format of systemd and
// docker: a # at the start of a line begins a comment, quotes around a value
// are removed, and nothing in it is expanded. The error never shows a value.
func ReadEnvFile(path string) (map[string]string, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("read environment file: %w", err)
	}
	out := make(map[string]string)
	n := 0
	for line := range strings.Lines(string(source(data))) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		m := envLine.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("%s:%d: not NAME=value", path, n)
		}
		out[m[1]] = unquote(m[2])
	}
	return out, nil
}

func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}
