//go:build linux

// Package editor has only a test, which speaks with ldcorn lsp as VS Code does.
package editor

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/cli"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m, func() int { return cli.Main(cli.Build{}) }) }

// TestVSCode runs the tests of examples/vscode with this program.
func TestVSCode(t *testing.T) {
	dir := os.Getenv("LDCORN_TEST_VSCODE")
	if dir == "" {
		dir = harness.Root(t, "examples", "vscode")
		if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
			t.Skip("NOT TESTED: the client of VS Code is not there; scripts/get-vscode gets it")
		}
	}
	tests, err := filepath.Glob(filepath.Join(dir, "test", "*.mjs")) // so that a change of one is noticed
	require.NoError(t, err)
	require.NotEmpty(t, tests)
	for _, path := range tests {
		_, err := os.ReadFile(path)
		require.NoError(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", append([]string{"--test"}, tests...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	assert.NoError(t, err, "%s", out)
}
