package cli

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// TestExamples runs the tests that the examples have of their own.
func TestExamples(t *testing.T) {
	paths, err := filepath.Glob(harness.Root(t, "examples", "*", "ldconfig.star"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		var stdout, stderr bytes.Buffer
		opts := &rootOptions{}
		root := newRootCommand(opts)
		root.SetArgs([]string{"test", "--fail-under=100", path})
		root.SetOut(&stdout)
		root.SetErr(&stderr)
		err := root.ExecuteContext(t.Context())
		assert.Equal(t, exitOK, exitCode(&stderr, root, err, opts.started), "%s\n%s%s", path, &stdout, &stderr)
		assert.Contains(t, stdout.String(), "passed")
	}
}
