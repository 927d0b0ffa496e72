package regular_test

import (
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/regular"
)

// entries returns the names in a folder.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

// TestWriteFile: a file keeps its mode and owner, and a link to it stays a
// link.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there", "file")
	require.NoError(t, os.MkdirAll(filepath.Dir(there), 0o700))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "links", "deep"), 0o700))
	require.NoError(t, os.WriteFile(there, []byte("old"), 0o600))
	require.NoError(t, os.Chmod(there, 0o664))
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chown(there, 12345, 23456))
	}
	// A relative link starts at the folder itself, not at a link that leads there.
	require.NoError(t, os.Symlink("../../there/file", filepath.Join(dir, "links", "deep", "inner")))
	require.NoError(t, os.Symlink(filepath.Join(dir, "links", "deep"), filepath.Join(dir, "short")))
	require.NoError(t, os.Symlink("short/inner", filepath.Join(dir, "outer")))
	for _, path := range []string{there, filepath.Join(dir, "links", "deep", "inner"), filepath.Join(dir, "outer")} {
		require.NoError(t, regular.WriteFile(path, []byte(path), 0o640))
		assert.Equal(t, path, content(t, there))
		var st unix.Stat_t
		require.NoError(t, unix.Lstat(there, &st))
		assert.EqualValues(t, unix.S_IFREG|0o664, st.Mode)
		if os.Geteuid() == 0 {
			assert.EqualValues(t, []uint32{12345, 23456}, []uint32{st.Uid, st.Gid})
		}
	}
	for _, link := range []string{"outer", "short", "links/deep/inner"} {
		info, err := os.Lstat(filepath.Join(dir, link))
		require.NoError(t, err)
		assert.Equal(t, fs.ModeSymlink, info.Mode().Type(), link)
	}
	assert.Equal(t, []string{"file"}, entries(t, filepath.Dir(there)))

	// A new file, even at the end of a link.
	require.NoError(t, os.Symlink("there/new", filepath.Join(dir, "to new")))
	require.NoError(t, regular.WriteFile(filepath.Join(dir, "to new"), []byte("new"), 0o600))
	info, err := os.Lstat(filepath.Join(dir, "there", "new"))
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode())
}

// TestWriteFile_Reader: a reader that has the file open sees the old content to
// its end, so that no reader ever sees a mixture.
func TestWriteFile_Reader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("old content"), 0o600))
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, regular.WriteFile(path, []byte("new"), 0o600))
	old, err := io.ReadAll(f)
	require.NoError(t, err)
	assert.Equal(t, "old content", string(old))
	assert.Equal(t, "new", content(t, path))
}

// TestWriteFile_Full: a file that cannot be written stays as it was, and a file
// that did not exist still does not. A size limit stands in for a full disk.
func TestWriteFile_Full(t *testing.T) {
	const child = "LDCORN_TEST_FULL"
	if os.Getenv(child) == "" {
		// This needs a process of its own, because go test writes files for this one.
		cmd := exec.Command(os.Args[0], "-test.run=^TestWriteFile_Full$")
		cmd.Env = append(os.Environ(), child+"=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	long := []byte(strings.Repeat("new", 1000))
	for _, size := range []uint64{0, 1, 2999} {
		for _, name := range []string{"file", "none"} {
			withFileSize(t, size, func() {
				err := regular.WriteFile(filepath.Join(dir, name), long, 0o600)
				require.ErrorIs(t, err, syscall.EFBIG)
				var where *fs.PathError
				require.ErrorAs(t, err, &where)
				assert.Equal(t, filepath.Join(dir, name), where.Path)
				assert.NotContains(t, err.Error(), ".tmp")
			})
			assert.Equal(t, "old", content(t, path))
			assert.Equal(t, []string{"file"}, entries(t, dir))
		}
	}
}

// withFileSize runs f while no file can grow beyond a size.
func withFileSize(t *testing.T, size uint64, f func()) {
	t.Helper()
	var before unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &before))
	defer func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &before)) }()
	limit := before
	limit.Cur = size
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &limit))
	f()
}

// TestWriteFile_Refused: the error says why, and nothing is left behind.
func TestWriteFile_Refused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Symlink("loop", filepath.Join(dir, "loop")))
	require.NoError(t, os.Symlink("none/file", filepath.Join(dir, "astray")))
	for path, want := range map[string]string{
		filepath.Join(dir, "none", "file"): "there is no folder " + filepath.Join(dir, "none"),
		filepath.Join(dir, "astray"):       "there is no folder " + filepath.Join(dir, "none"),
		filepath.Join(dir, "loop"):         "too many levels of symbolic links",
		dir:                                "is a directory",
	} {
		err := regular.WriteFile(path, []byte("new"), 0o600)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, path+": ")
	}
	assert.Equal(t, []string{"astray", "loop"}, entries(t, dir))
}

// TestWriteFile_Pipe: a file that is not regular gets the bytes, and stays what
// it is.
func TestWriteFile_Pipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, unix.Mkfifo(path, 0o600))
	read := make(chan []byte)
	go func() {
		data, err := os.ReadFile(path)
		assert.NoError(t, err)
		read <- data
	}()
	require.NoError(t, regular.WriteFile(path, []byte("text"), 0o600))
	assert.Equal(t, "text", string(<-read))
	info, err := os.Lstat(path)
	require.NoError(t, err)
	assert.Equal(t, fs.ModeNamedPipe, info.Mode().Type())
}
