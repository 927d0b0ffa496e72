package reference

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var codeForm = regexp.MustCompile(`^[LW][0-9]{3}$`)

// declaredCodes finds the constants for codes in the whole source, by code.
func declaredCodes(t *testing.T) map[string][]string {
	t.Helper()
	declared := make(map[string][]string)
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for i, v := range spec.Values {
				lit, ok := v.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					continue
				}
				code, err := strconv.Unquote(lit.Value)
				require.NoError(t, err)
				if codeForm.MatchString(code) {
					declared[code] = append(declared[code], spec.Names[i].Name)
				}
			}
			return true
		})
		return nil
	}))
	return declared
}

// TestCodesAreComplete compares the list with the source: it must have every
// code that a diagnostic can have, in order, and no other, and no code may have
// two meanings.
func TestCodesAreComplete(t *testing.T) {
	declared := declaredCodes(t)
	var want, got []string
	for code, names := range declared {
		want = append(want, code)
		for _, name := range names {
			assert.True(t, strings.EqualFold(name, names[0]), "%s is both %s and %s", code, name, names[0])
		}
	}
	slices.Sort(want)
	for _, c := range Codes() {
		got = append(got, c.ID)
		assert.False(t, strings.HasSuffix(c.Meaning, "."), c.ID)
		assert.True(t, strings.HasSuffix(c.Advice, "."), c.ID)
	}
	assert.Equal(t, want, got, "Codes in starlark/reference/codes.go")
}
