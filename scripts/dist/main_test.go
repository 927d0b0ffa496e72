package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A run empties only a folder that an earlier one has made.
func TestClear(t *testing.T) {
	d := &dist{out: filepath.Join(t.TempDir(), "new", "dist")}
	require.NoError(t, d.clear())
	require.NoError(t, d.write("old.tar.gz", nil))
	require.NoError(t, d.clear())
	require.NoFileExists(t, filepath.Join(d.out, "old.tar.gz"))

	d.out = t.TempDir()
	mine := filepath.Join(d.out, "mine")
	require.NoError(t, os.WriteFile(mine, nil, 0o600))
	require.ErrorContains(t, d.clear(), "but no SHA256SUMS")
	require.FileExists(t, mine)
}
