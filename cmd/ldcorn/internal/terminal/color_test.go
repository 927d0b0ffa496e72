package terminal

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestColor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	assert.True(t, Always.On(f))
	assert.False(t, Never.On(f))
	assert.False(t, Auto.On(f), "a file is no terminal")
	var c Color
	w := c.Writer(f)
	for _, c = range []Color{Always, Never} {
		_, err := w.Write([]byte("\x1b[31mred\x1b[0m\a\n"))
		require.NoError(t, err)
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "\x1b[31mred\x1b[0m\\x07\nred\\x07\n", string(text))
}

func TestLook(t *testing.T) {
	t.Setenv("LC_ALL", "de_DE.UTF-8")
	assert.Equal(t, Look{}, Auto.Look(new(bytes.Buffer)))
	assert.Equal(t, Look{Color: true}, Always.Look(new(bytes.Buffer)))
	t.Setenv("LC_ALL", "C")
	assert.Equal(t, Look{ASCII: true}, Never.Look(new(bytes.Buffer)))
}

// TestContents: a file gets the bytes as they are, whatever writer is between.
func TestContents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	c := Never
	_, err = Contents(c.Writer(f)).Write([]byte("a\x00\x1b[31m"))
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "a\x00\x1b[31m", string(text))
	var buf bytes.Buffer
	assert.Same(t, &buf, Contents(&buf))
}
