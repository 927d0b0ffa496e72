package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A socketFile says how to create the file of a unix socket. The zero value
// leaves it to the umask and the master's own ids.
type socketFile struct {
	mode  plan.BindMode
	owner plan.BindOwner

	// private means that no other master opens sockets in the folder, so that
	// it need not be locked. The runtime directory is already locked by us.
	private bool
}

// maxBacklog is more than any system supports; the system reduces it.
const maxBacklog = 1<<16 - 1

// listen opens a unix socket whose file has its mode and owner before the first
// connection can succeed: the system refuses connections to a socket that does
// not listen yet. The file is removed when the listener is closed.
func (f socketFile) listen(path string) (net.Listener, error) {
	if f == (socketFile{}) {
		return net.Listen("unix", path)
	}
	uid, gid, err := ids(f.owner)
	if err != nil {
		return nil, err
	}
	fd, err := newUnixSocket()
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close() // the listener has a descriptor of its own
	if f.mode != 0 {
		if err := prepareMode(fd, uint32(f.mode)); err != nil {
			return nil, os.NewSyscallError("fchmod", err)
		}
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		return nil, &net.OpError{Op: "listen", Net: "unix", Addr: &net.UnixAddr{Name: path, Net: "unix"}, Err: os.NewSyscallError("bind", err)}
	}
	var l net.Listener
	if err = f.apply(path, uid, gid); err == nil {
		if err = os.NewSyscallError("listen", unix.Listen(fd, maxBacklog)); err == nil {
			l, err = net.FileListener(file)
		}
	}
	if err != nil {
		_ = os.Remove(path)
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(true)
	return l, nil
}

// A fileChange gives the file of a socket another mode and owner.
type fileChange struct {
	path     string
	made     os.FileInfo // the file must still be this one
	mode     uint32
	uid, gid int
}

// change finds out which mode and owner the file would get, with a socket beside
// it that is removed again. It fails if the owner cannot be changed.
func (o *opened) change(file socketFile) (*fileChange, error) {
	path := o.Addr().String()
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	try := trialPath(dir)
	l, err := file.listen(try)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	var st unix.Stat_t
	if err := unix.Lstat(try, &st); err != nil {
		return nil, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	return &fileChange{path: path, made: o.made, mode: uint32(st.Mode) & 0o7777, uid: int(st.Uid), gid: int(st.Gid)}, nil
}

// errOwner means that the owner of the file cannot be set.
var errOwner = errors.New("the owner of the socket cannot be changed")

// CheckOwner returns an error if this machine does not have the user or group of an
// argument.
func CheckOwner(argument string, o plan.BindOwner) error {
	if _, _, err := ids(o); err != nil {
		return fmt.Errorf("%s: %w", argument, err)
	}
	return nil
}

// ids returns the numeric ids of an owner, -1 for a part that is not set.
func ids(o plan.BindOwner) (uid, gid int, err error) {
	uid, err = id(o.User, "user", func(name string) (string, error) {
		u, err := user.Lookup(name)
		if err != nil {
			return "", err
		}
		return u.Uid, nil
	})
	if err != nil {
		return 0, 0, err
	}
	gid, err = id(o.Group, "group", func(name string) (string, error) {
		g, err := user.LookupGroup(name)
		if err != nil {
			return "", err
		}
		return g.Gid, nil
	})
	return uid, gid, err
}

func id(name, what string, lookup func(string) (string, error)) (int, error) {
	if name == "" {
		return -1, nil
	}
	if n, err := strconv.ParseUint(name, 10, 32); err == nil {
		return int(n), nil
	}
	found, err := lookup(name)
	if err != nil {
		return 0, fmt.Errorf("this machine has no %s %q in /etc; name another, or write a number", what, name)
	}
	return strconv.Atoi(found)
}

// folderWait bounds the wait for another master that is opening a socket in the
// same folder.
const folderWait = 2 * time.Second

// lockFolder keeps other masters from opening a socket in the folder of path
// until release is called: a socket that does not listen yet looks like that of
// a dead process. If the lock is not available, lockFolder continues without
// it.
func lockFolder(path string) (release func()) {
	fd, err := unix.Open(filepath.Dir(path), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return func() {}
	}
	deadline := time.Now().Add(folderWait)
	for unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) != nil && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	return func() { _ = unix.Close(fd) } // also releases the lock
}
