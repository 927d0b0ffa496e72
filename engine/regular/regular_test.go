package regular_test

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/regular"
)

const limit = 1 << 20

// TestReadFile_Refuses: a file that is not regular is an immediate error, even
// behind a symbolic link.
func TestReadFile_Refuses(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	require.NoError(t, unix.Mkfifo(fifo, 0o600))
	socket := filepath.Join(dir, "socket")
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	defer l.Close()
	for want, path := range map[string]string{
		"is a FIFO; want a regular file":   fifo,
		"is a socket; want a regular file": socket,
		"is a folder; want a regular file": dir,
		"is a device; want a regular file": "/dev/zero",
	} {
		link := filepath.Join(dir, "link to "+filepath.Base(path))
		require.NoError(t, os.Symlink(path, link))
		for _, path := range []string{path, link} {
			_, err := regular.ReadFile(path, limit)
			var cause *fs.PathError
			require.ErrorAs(t, err, &cause)
			require.ErrorIs(t, err, regular.ErrNotRegular)
			assert.EqualError(t, cause.Err, want)
		}
	}
	_, err = regular.ReadFile(filepath.Join(dir, "none"), limit)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("text"), 0o600))
	data, err := regular.ReadFile(path, limit)
	require.NoError(t, err)
	assert.Equal(t, "text", string(data))

	require.NoError(t, os.Truncate(path, 0))
	data, err = regular.ReadFile(path, limit)
	require.NoError(t, err)
	assert.NotNil(t, data)

	require.NoError(t, os.Truncate(path, 10<<30)) // sparse
	_, err = regular.ReadFile(path, limit)
	require.ErrorContains(t, err, "is too large: it has more than 1 MiB")

	data, err = regular.ReadFile("/proc/self/stat", limit) // reports a size of 0
	require.NoError(t, err)
	assert.NotEmpty(t, data)
}
