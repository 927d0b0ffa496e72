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
