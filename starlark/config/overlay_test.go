package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A text stands for a file, also for one that does not exist, and for a symbolic link.
func TestOverlay(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ldconfig.star")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "old.star"), []byte("name = 1\n"), 0o600))
	require.NoError(t, os.Symlink("old.star", filepath.Join(dir, "link.star")))
	text := `load("new.star", "app")
load("link.star", "name")
config = LdConfig(workers = [WorkerGroup(name, app)])
`
	opts := Options{Overlay: map[string][]byte{
		path:                            []byte(text),
		filepath.Join(dir, "new.star"):  []byte("app = \"main:app\"\n"),
		filepath.Join(dir, "old.star"):  []byte("name = \"web\"\n"),
		filepath.Join(dir, "rest.star"): []byte("x = unknown\n"),
	}}
	res, err := Evaluate(t.Context(), path, opts)
	require.NoError(t, err)
	require.Empty(t, res.Report.Diagnostics)
	assert.Equal(t, "web", res.Plan.Groups[0].Name)

	report, err := Read(filepath.Join(dir, "rest.star"), opts)
	require.NoError(t, err)
	assert.Contains(t, report.Error(), "`unknown` is not defined")
	_, err = Read(filepath.Join(dir, "none.star"), opts)
	assert.ErrorIs(t, err, os.ErrNotExist)
}
