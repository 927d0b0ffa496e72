package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/buffer"
)

func TestCheckBufferDir(t *testing.T) {
	dir := t.TempDir()
	assert.NoError(t, CheckBufferDir(""))
	assert.NoError(t, CheckBufferDir(dir))
	assert.EqualError(t, CheckBufferDir("/no/such"), `buffer_dir="/no/such": there is no such folder`)
	assert.EqualError(t, CheckBufferDir("/dev/null"), `buffer_dir="/dev/null": there is no such folder`)
	assert.NoError(t, RemarkBufferDir(""))
	assert.NoError(t, RemarkBufferDir("/no/such"), "CheckBufferDir says it")
	assert.NoError(t, RemarkBufferDir("/"))
	if buffer.CheckDir("/dev/shm") != nil && CheckBufferDir("/dev/shm") == nil {
		assert.EqualError(t, RemarkBufferDir("/dev/shm"), `buffer_dir="/dev/shm": /dev/shm is a tmpfs, which is memory; of each body, only 64 KiB wait`)
	}
	if os.Getuid() == 0 {
		return // root can write everywhere
	}
	locked := filepath.Join(dir, "locked")
	require.NoError(t, os.Mkdir(locked, 0o500))
	assert.ErrorContains(t, CheckBufferDir(locked), "this user cannot make files in the folder")
}
