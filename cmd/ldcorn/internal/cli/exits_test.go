package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// TestExits_Page: docs/operations.md has the list of exit codes as it is in the code.
func TestExits_Page(t *testing.T) {
	page, err := os.ReadFile(harness.Root(t, "docs/operations.md"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(page), "\n## Exit codes\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	var got []exit
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \| (.*) \| (.*) \|$`).FindAllStringSubmatch(section, -1) {
		code, err := strconv.Atoi(row[1])
		require.NoError(t, err)
		got = append(got, exit{code, row[2], row[3]})
	}
	assert.Equal(t, exits, got)
	assert.Contains(t, section, "\n"+exitSignal+"\n")
}

// TestExits_Code: the commands end with the exit codes of the list, and with no
// others. Each command is in a file of its name.
func TestExits_Code(t *testing.T) {
	codes := map[string]int{
		"exitOK": exitOK, "exitFailure": exitFailure, "exitUsage": exitUsage, "exitTests": exitTests,
		"exitApplies": exitApplies, "exitPartial": exitPartial, "exitNeedsAction": exitNeedsAction, "exitNotReady": exitNotReady,
	}
	want := make(map[exit]bool)
	for _, e := range exits {
		if e.command != exitsAll {
			e.command, _, _ = strings.Cut(e.command, " ")
			want[exit{code: e.code, command: e.command}] = true
		}
	}
	got := make(map[exit]bool)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, file := range files {
		command := strings.TrimSuffix(file, ".go")
		if strings.HasSuffix(command, "_test") || command == "confined" { // it passes on the code of a command
			continue
		}
		for _, name := range exitCodesIn(t, file) {
			code, known := codes[name]
			assert.True(t, known, "%s: add %s to this test and to the list of exit codes", file, name)
			if name != "exitOK" && name != "exitFailure" && name != "exitUsage" {
				got[exit{code: code, command: command}] = true
			}
		}
	}
	assert.Equal(t, want, got)
}

// exitCodesIn returns the names of the exit codes with which a file makes exitErrors.
func exitCodesIn(t *testing.T, file string) (names []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	require.NoError(t, err)
	ast.Inspect(parsed, func(n ast.Node) bool {
		made, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		if kind, ok := made.Type.(*ast.Ident); !ok || kind.Name != "exitError" || len(made.Elts) == 0 {
			return true
		}
		code := made.Elts[0]
		if field, ok := code.(*ast.KeyValueExpr); ok {
			code = field.Value
		}
		name, ok := code.(*ast.Ident)
		if assert.True(t, ok, "%s: give the exit code a name", file) {
			names = append(names, name.Name)
		}
		return true
	})
	return names
}
