package builtin

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/value"
)

const maxNameLength = 48 // characters of the name of a group or of a limit

var (
	nameForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,48}$`)
	badNames = regexp.MustCompile(`[^A-Za-z0-9_-]+`)
)

// checkName checks the name of a group or of a limit, which becomes part of paths,
// metrics and command lines.
func checkName(s string) error {
	switch {
	case nameForm.MatchString(s):
		return nil
	case s == "":
		return value.Wrong(`write a word, such as "web"`, "is empty")
	case len(s) > maxNameLength && !badNames.MatchString(s):
		return value.Wrong("", "has %d characters, but can have at most %d", len(s), maxNameLength)
	}
	label := `write a word, such as "web"`
	if better := strings.Trim(badNames.ReplaceAllString(s, "_"), "_"); nameForm.MatchString(better) {
		label = fmt.Sprintf("write %q", better)
	}
	return value.Wrong(label, "can have only the characters A-Z a-z 0-9 _ and -, got %s", value.Quote(s))
}

// appForm matches module:attribute, with identifiers in any script.
var appForm = regexp.MustCompile(`^[\pL_][\pL\pN_]*(\.[\pL_][\pL\pN_]*)*:[\pL_][\pL\pN_]*(\.[\pL_][\pL\pN_]*)*$`)

// checkApp checks that Uvicorn accepts s as an application.
func checkApp(s string) error {
	module, attribute, found := strings.Cut(s, ":")
	if appForm.MatchString(s) && !strings.HasSuffix(module, ".py") {
		return nil
	}
	better := strings.Trim(strings.ReplaceAll(strings.TrimSuffix(module, ".py"), "/", "."), ".")
	call := strings.HasSuffix(attribute, "()")
	switch {
	case !found && strings.Count(s, ".") > 0 && !strings.HasSuffix(s, ".py") && appForm.MatchString(lastDot(s)):
		return value.Wrong(fmt.Sprintf("did you mean %q or %q?", lastDot(s), s+":app"), "has no `:` between module and attribute: %q", s)
	case !found || attribute == "":
		attribute = "app"
	case call:
		attribute = strings.TrimSuffix(attribute, "()")
	}
	label := `write "module:attribute", such as "main:app"`
	if try := better + ":" + attribute; appForm.MatchString(try) {
		label = fmt.Sprintf("write %q", try)
		if call {
			label += `, and "--factory" in uvicorn_args`
		}
	}
	return value.Wrong(label, `is not "module:attribute": %s`, value.Quote(s))
}

func lastDot(s string) string {
	i := strings.LastIndexByte(s, '.')
	return s[:i] + ":" + s[i+1:]
}
