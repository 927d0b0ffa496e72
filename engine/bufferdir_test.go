package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCheckBufferDir(t *testing.T) {
	dir := t.TempDir()
	assert.NoError(t, CheckBufferDir(""))
	assert.NoError(t, CheckBufferDir(dir))
	assert.EqualError(t, CheckBufferDir("/no/such"), `buffer_dir="/no/such": there is no such folder`)
	assert.EqualError(t, CheckBufferDir("/dev/null"), `buffer_dir="/dev/null": there is no such folder`)
	if os.Getuid() == 0 {
		return // root can write everywhere
	}
	locked := filepath.Join(dir, "locked")
	require.NoError(t, os.Mkdir(locked, 0o500))
	assert.ErrorContains(t, CheckBufferDir(locked), "this user cannot make files in the folder")
}
