package supervisor

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/prepare"
)

// listenAt opens a socket until the test ends, and leaves its file.
func listenAt(t *testing.T, path string) {
	t.Helper()
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	t.Cleanup(func() { l.Close() })
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	return info.Mode().Perm()
}

// newTestDoor returns a door of our own user, in a folder of the test.
func newTestDoor(t *testing.T) *door {
	t.Helper()
	root, err := os.MkdirTemp("", "door") // short enough for the path of a socket
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(root) })
	d := &door{folder: filepath.Join(root, "d"), link: filepath.Join(root, "l"), uid: os.Geteuid()}
	require.NoError(t, os.Mkdir(d.folder, 0o700))
	return d
}

// TestDoor_Enter leads to the socket, also when that has another thing in its place
// later.
func TestDoor_Enter(t *testing.T) {
	d := newTestDoor(t)
	d.enter()
	require.NoFileExists(t, d.link, "it is not bound yet")
	listenAt(t, d.socket())
	d.enter()
	require.True(t, d.done)
	require.NoError(t, os.Remove(d.socket()))
	require.NoError(t, os.Symlink("/nonexistent", d.socket()))
	d.enter()
	conn, err := net.Dial("unix", d.link)
	require.NoError(t, err)
	conn.Close()
}

// TestDoor_Refuses makes no way to what is not a socket of the user.
func TestDoor_Refuses(t *testing.T) {
	d := newTestDoor(t)
	elsewhere := filepath.Join(filepath.Dir(d.folder), "other")
	listenAt(t, elsewhere)
	require.NoError(t, os.Symlink(elsewhere, d.socket()))
	d.enter()
	assert.NoFileExists(t, d.link, "a symbolic link")

	require.NoError(t, os.Remove(d.socket()))
	require.NoError(t, os.WriteFile(d.socket(), nil, 0o600))
	d.enter()
	assert.NoFileExists(t, d.link, "a file")

	require.NoError(t, os.Remove(d.socket()))
	require.NoError(t, os.Link(elsewhere, d.socket()))
	d.uid++
	d.enter()
	assert.NoFileExists(t, d.link, "a socket of another user")
	assert.False(t, d.done)
}

// TestRuntime_Door gives a worker of another user a folder that only this user can
// enter, and removes all of it.
func TestRuntime_Door(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder to another user; TestDoor_Refuses has the rest")
	}
	r := open(t, newConfig(t))
	at, err := r.newSocket(&prepare.Account{UID: 65534, GID: 65534})
	require.NoError(t, err)
	folder := filepath.Dir(at.path)
	own := filepath.Dir(folder)
	var st unix.Stat_t
	require.NoError(t, unix.Lstat(folder, &st))
	assert.EqualValues(t, 65534, st.Uid)
	assert.Equal(t, os.FileMode(0o700), mode(t, folder))
	assert.Equal(t, os.FileMode(0o711), mode(t, own))
	assert.Equal(t, os.FileMode(0o711), mode(t, filepath.Dir(own)))
	assert.Equal(t, os.FileMode(0o700), mode(t, filepath.Dir(at.dial)))
	listenAt(t, at.path)
	require.NoError(t, os.Chown(at.path, 65534, 65534))
	at.link()
	conn, err := net.Dial("unix", at.dial)
	require.NoError(t, err)
	conn.Close()

	second, err := r.newSocket(&prepare.Account{UID: 65534, GID: 65534})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "left"), nil, 0o600))
	r.forget(at.dial)
	assert.NoDirExists(t, folder)
	assert.NoFileExists(t, at.dial)
	assert.DirExists(t, filepath.Dir(second.path))

	// A folder that somebody else has opened to all is closed again.
	require.NoError(t, os.Chmod(own, 0o777))
	_, err = r.newSocket(&prepare.Account{UID: 65534, GID: 65534})
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o711), mode(t, own))
	require.NoError(t, r.Close())
	assert.NoDirExists(t, own)
}
