package workdir_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/workdir"
)

// here returns the working folder as the system knows it.
func here(t *testing.T) string {
	t.Helper()
	path, err := os.Readlink("/proc/self/cwd")
	require.NoError(t, err)
	return filepath.Base(path)
}

func TestDir(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	one, two, current := filepath.Join(root, "one"), filepath.Join(root, "two"), filepath.Join(root, "current")
	require.NoError(t, os.Mkdir(one, 0o700))
	require.NoError(t, os.Mkdir(two, 0o700))
	lead := func(to string) {
		_ = os.Remove(current)
		require.NoError(t, os.Symlink(to, current))
	}
	lead(one)
	t.Chdir(current) // also sets PWD
	d := workdir.New()
	require.NotNil(t, d)

	lead(two)
	d.Enter()(false) // a reload that fails
	assert.Equal(t, "one", here(t))
	d.Restore()
	assert.Equal(t, "one", here(t), "it is there")
	d.Enter()(true)
	assert.Equal(t, "two", here(t))

	lead(one)
	require.NoError(t, os.Remove(two))
	d.Restore()
	assert.Equal(t, "one", here(t))

	require.NoError(t, os.Mkdir(two, 0o700))
	lead(two)
	done := d.Enter()
	require.NoError(t, os.Remove(one))
	done(false)
	assert.Equal(t, "two", here(t), "there is no way back")

	lead("nowhere")
	d.Enter()(true)
	assert.Equal(t, "two", here(t))
	var none *workdir.Dir
	none.Restore()
	none.Enter()(true)
}
