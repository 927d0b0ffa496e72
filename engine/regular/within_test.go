package regular

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestWithin: a file that does not respond is an error, and others are read.
func TestWithin(t *testing.T) {
	never := make(chan bool)
	defer close(never)
	_, err := within(time.Millisecond, "/x", func() ([]byte, error) { <-never; return nil, nil })
	var cause *fs.PathError
	require.ErrorAs(t, err, &cause)
	require.ErrorIs(t, err, ErrSilent)
	assert.EqualError(t, err, "read /x: does not respond within 1ms")

	broken := errors.New("broken")
	_, err = within(time.Hour, "/x", func() ([]byte, error) { return nil, broken })
	require.ErrorIs(t, err, broken)

	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, []byte("text"), 0o600))
	data, err := ReadFile(path, 10)
	require.NoError(t, err)
	assert.Equal(t, "text", string(data))
}

// TestWriteFIFO: a write to a FIFO that nobody opens or reads ends.
func TestWriteFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, unix.Mkfifo(path, 0o600))
	err := writeFIFO(path, []byte("text"), 10*time.Millisecond)
	require.ErrorIs(t, err, ErrNotRegular)
	require.ErrorContains(t, err, "is a FIFO that nobody reads")

	reader, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	require.NoError(t, err)
	defer reader.Close()
	require.NoError(t, writeFIFO(path, []byte("text"), time.Minute))
	require.ErrorIs(t, writeFIFO(path, make([]byte, 1<<20), 10*time.Millisecond), ErrNotRegular, "more than a pipe holds")
}
