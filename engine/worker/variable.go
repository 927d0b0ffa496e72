package worker

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/ldcorn/ldcorn/engine/regular"
)

// dotenv is the usual name of a file of variables.
const dotenv = ".env"

const maxDotenv = 1 << 20 // bytes

// dotenvLine matches the line of a file of variables that sets one.
var dotenvLine = regexp.MustCompile(`(?m)^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=`)

// variableHint returns advice for a worker whose error names a variable that it does not
// have, but a file of variables beside the app has. Otherwise it returns "".
func (s *Spec) variableHint(stderr []string) string {
	message := exception(stderr)
	if len(message) == 0 {
		return ""
	}
	for _, dir := range s.moduleFolders() {
		path := filepath.Join(dir, dotenv)
		data, err := regular.ReadFile(path, maxDotenv)
		if err != nil {
			continue
		}
		for _, m := range dotenvLine.FindAllSubmatch(data, -1) {
			if name := string(m[1]); s.variable(name) == "" && names(message, name) {
				return fmt.Sprintf("%s sets %s, but the workers do not get it: add env=env_file(%q) to the group, or start ldcorn with --env-file %[3]s", path, name, dotenv)
			}
		}
	}
	return ""
}

// exception returns the lines of the last exception that a worker has written.
func exception(stderr []string) []string {
	said := LastWord(stderr)
	for i := len(stderr) - 1; i >= 0 && said != ""; i-- {
		if strings.HasSuffix(strings.TrimSpace(stderr[i]), said) {
			return stderr[i:]
		}
	}
	return nil
}

// names reports whether the lines of an exception name a variable. Settings of pydantic
// name the field that needs it.
func names(message []string, variable string) bool {
	word := regexp.MustCompile(`\b` + variable + `\b`)
	settings := strings.Contains(message[0], "validation error")
	for _, line := range message {
		line = strings.TrimRight(line, " ")
		if word.MatchString(line) {
			return true
		}
		field := strings.ToLower(variable)
		if settings && len(line) > 2 && (line == field || strings.HasSuffix(field, "_"+line)) {
			return true
		}
	}
	return false
}
