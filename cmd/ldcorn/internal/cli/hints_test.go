package cli

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
	"github.com/ldcorn/ldcorn/engine/judge"
)

// hinted finds a command in a hint, up to what it does.
var hinted = regexp.MustCompile(`ldcorn ([a-z-]+.*?)(?: (?:shows?|adds|lets|replaces|tries|all|and)\b)`)

// TestHints: the command line takes each command that an incident advises, and each that
// docs/incidents.md names.
func TestHints(t *testing.T) {
	for _, hint := range judge.Hints("web", 1, 2) {
		all := hinted.FindAllStringSubmatch(hint, -1)
		require.Len(t, all, strings.Count(hint, "ldcorn "), hint)
		for _, m := range all {
			tryCommand(t, m[1])
		}
	}
	page, err := os.ReadFile(harness.Root(t, "docs/incidents.md"))
	require.NoError(t, err)
	text := string(page)
	named := regexp.MustCompile("`ldcorn ([^`\n…]+)`|(?m)^\\$ ldcorn (.+)$").FindAllStringSubmatch(text, -1)
	require.NotEmpty(t, named)
	for _, m := range named {
		if m[1] == "scale" || m[1] == "restart" {
			continue // the name of the command
		}
		tryCommand(t, m[1]+m[2])
	}
	advice := regexp.MustCompile(`(?m)^   do: .*\n(   \S.*\n)*`).FindAllString(text, -1)
	require.NotEmpty(t, advice)
	for _, a := range advice {
		for _, m := range hinted.FindAllStringSubmatch(strings.Join(strings.Fields(a), " "), -1) {
			tryCommand(t, m[1])
		}
	}
}

// tryCommand checks that the command line takes the words of a command.
func tryCommand(t *testing.T, words string) {
	t.Helper()
	cmd, args, err := newRootCommand(&rootOptions{}).Find(strings.Fields(words))
	if assert.NoError(t, err, words) && assert.NoError(t, cmd.ParseFlags(args), words) {
		assert.NoError(t, cmd.ValidateArgs(cmd.Flags().Args()), words)
	}
}
