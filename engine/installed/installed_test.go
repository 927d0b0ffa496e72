package installed

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// install replaces a file as a package does: by another one, under its name.
func install(t *testing.T, path string, text string) {
	t.Helper()
	next := path + ".new"
	require.NoError(t, os.WriteFile(next, []byte(text), 0o755))
	require.NoError(t, os.Rename(next, path))
}

// program returns a program with an image that stays, as /proc/self/exe does.
func program(t *testing.T) (p *Program, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ldcorn")
	install(t, path, "the program")
	image := filepath.Join(t.TempDir(), "image")
	require.NoError(t, os.Link(path, image))
	p = newProgram(path, image)
	require.Nil(t, p.Replaced())
	return p, path
}

func TestReplaced(t *testing.T) {
	p, path := program(t)
	install(t, path, "another one")
	for range 2 { // the second time, it reads nothing
		got := p.Replaced()
		require.NotNil(t, got)
		assert.Equal(t, path, got.Path)
		assert.False(t, got.Gone)
		assert.False(t, got.Written.IsZero())
	}
	install(t, path, "another one, longer")
	assert.NotNil(t, p.Replaced())
	install(t, path, "the program")
	assert.Nil(t, p.Replaced(), "the old version is back")

	require.NoError(t, os.Remove(path))
	assert.True(t, p.Replaced().Gone)
	install(t, path, "another one")
	assert.False(t, p.Replaced().Gone)
}

// The same program, installed again or touched, is no other one.
func TestReplaced_Again(t *testing.T) {
	p, path := program(t)
	install(t, path, "the program")
	assert.Nil(t, p.Replaced())
	require.NoError(t, os.Chtimes(path, time.Time{}, time.Unix(1, 0)))
	assert.Nil(t, p.Replaced())
}

// A link that leads elsewhere is another program.
func TestReplaced_Link(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"1", "2"} {
		install(t, filepath.Join(dir, name), "version "+name)
	}
	link := filepath.Join(dir, "ldcorn")
	require.NoError(t, os.Symlink("1", link))
	p := newProgram(link, filepath.Join(dir, "1"))
	require.Nil(t, p.Replaced())
	require.NoError(t, os.Remove(link))
	require.NoError(t, os.Symlink("2", link))
	require.NotNil(t, p.Replaced())
	assert.Equal(t, link, p.Replaced().Path)
}

// Without an image, a file that has changed counts as another program.
func TestReplaced_NoImage(t *testing.T) {
	_, path := program(t)
	p := newProgram(path, "")
	assert.Nil(t, p.Replaced())
	install(t, path, "the program")
	assert.NotNil(t, p.Replaced())
	assert.Nil(t, newProgram(filepath.Join(t.TempDir(), "nothing"), "").Replaced(), "nobody knows")
}

// This test is a program, too, and it is the one at its path.
func TestRunning(t *testing.T) {
	path, err := Path()
	require.NoError(t, err)
	assert.True(t, filepath.IsAbs(path))
	self, err := os.Executable()
	require.NoError(t, err)
	assert.True(t, same(path, self))
	assert.Nil(t, Running().Replaced())
}

func TestEqual(t *testing.T) {
	long := bytes.Repeat([]byte("0123456789"), 100_000)
	other := bytes.Clone(long)
	other[len(other)-1]++
	assert.True(t, equal(bytes.NewReader(long), bytes.NewReader(long)))
	assert.False(t, equal(bytes.NewReader(long), bytes.NewReader(other)))
	assert.False(t, equal(bytes.NewReader(long), bytes.NewReader(long[:len(long)-1])))
	assert.True(t, equal(new(bytes.Buffer), new(bytes.Buffer)))
}
