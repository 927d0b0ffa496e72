package engine

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// socketDir returns a folder with a short path, for sockets.
func socketDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "l")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestSocketFile(t *testing.T) {
	path := filepath.Join(socketDir(t), "s")
	bind := plan.Bind{Network: "unix", Address: path}
	self := plan.BindOwner{User: strconv.Itoa(os.Getuid()), Group: strconv.Itoa(os.Getgid())}
	for _, f := range []socketFile{{mode: 0o660}, {mode: 0o606}, {mode: 0o777}, {owner: self}, {mode: 0o600, owner: self}} {
		l, err := listen("bind", bind, f)
		require.NoError(t, err)
		info, err := os.Lstat(path)
		require.NoError(t, err)
		if f.mode != 0 {
			assert.Equal(t, os.FileMode(f.mode), info.Mode().Perm())
		}
		conn, err := net.Dial("unix", path)
		require.NoError(t, err)
		served, err := l.Accept()
		require.NoError(t, err)
		served.Close()
		conn.Close()
		_, err = listen("bind", bind, f)
		require.ErrorContains(t, err, "address already in use", "that of a living one stays")
		assert.Equal(t, "unix:"+path, address(l))
		require.NoError(t, l.Close())
		assert.NoFileExists(t, path)
	}
}

func TestSocketFile_Owner(t *testing.T) {
	path := filepath.Join(socketDir(t), "s")
	bind := plan.Bind{Network: "unix", Address: path}
	l, err := listen("bind", bind, socketFile{mode: 0o660, owner: plan.BindOwner{User: "12345", Group: "54321"}})
	if os.Getuid() != 0 {
		require.ErrorContains(t, err, "only root can give a file to another user")
		assert.NoFileExists(t, path)
	} else {
		require.NoError(t, err)
		defer l.Close()
		info, err := os.Lstat(path)
		require.NoError(t, err)
		st := info.Sys().(*syscall.Stat_t)
		assert.Equal(t, []uint32{12345, 54321}, []uint32{st.Uid, st.Gid})
	}
	require.ErrorContains(t, CheckOwner("bind_owner", plan.BindOwner{User: "no-such-user"}), `this machine has no user "no-such-user"`)
	require.ErrorContains(t, CheckOwner("bind_owner", plan.BindOwner{Group: "no-such-group"}), `this machine has no group "no-such-group"`)
	require.NoError(t, CheckOwner("bind_owner", plan.BindOwner{}))
	require.NoError(t, CheckOwner("bind_owner", plan.BindOwner{User: "root"}))
}

// TestSocketFile_NoWindow: the file never allows more than its mode, so there
// is no moment at which somebody else could connect.
func TestSocketFile_NoWindow(t *testing.T) {
	path := filepath.Join(socketDir(t), "s")
	var over atomic.Bool
	var seen atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		for !over.Load() {
			info, err := os.Lstat(path)
			if err != nil {
				continue
			}
			seen.Add(1)
			if more := info.Mode().Perm() &^ 0o600; more != 0 {
				t.Errorf("the file allows %v", info.Mode())
			}
		}
	})
	for i := 0; i < 300 || seen.Load() < 20; i++ {
		l, err := listen("bind", plan.Bind{Network: "unix", Address: path}, socketFile{mode: 0o600})
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
	over.Store(true)
	wg.Wait()
}

// TestListenUnix_Together: if several masters find the socket of a dead one at
// the same time, one of them takes its place.
func TestListenUnix_Together(t *testing.T) {
	path := filepath.Join(socketDir(t), "s")
	for range 50 {
		stale, err := net.Listen("unix", path)
		require.NoError(t, err)
		stale.(*net.UnixListener).SetUnlinkOnClose(false)
		require.NoError(t, stale.Close())
		var got [8]net.Listener
		var wg sync.WaitGroup
		for i := range got {
			file := socketFile{mode: plan.BindMode(0o600 * (i % 2))}
			wg.Go(func() { got[i], _ = listen("bind", plan.Bind{Network: "unix", Address: path}, file) })
		}
		wg.Wait()
		n := 0
		for _, l := range got {
			if l != nil {
				n++
				conn, err := net.Dial("unix", path)
				require.NoError(t, err, "nobody has removed it")
				conn.Close()
				l.Close()
			}
		}
		require.Equal(t, 1, n)
	}
}

func TestSocketFile_ApplyFollowsNoLink(t *testing.T) {
	dir := socketDir(t)
	target := filepath.Join(dir, "precious")
	require.NoError(t, os.WriteFile(target, nil, 0o600))
	link := filepath.Join(dir, "s")
	require.NoError(t, os.Symlink(target, link))
	require.ErrorContains(t, socketFile{mode: 0o666}.apply(link, -1, -1), "is no longer the socket")
	require.ErrorContains(t, socketFile{mode: 0o666}.apply(target, -1, -1), "is no longer the socket")
	info, err := os.Stat(target)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())
	_, err = listen("bind", plan.Bind{Network: "unix", Address: link}, socketFile{mode: 0o666})
	require.ErrorContains(t, err, "is not a socket")
}
