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

// A socketFile is how the file of a unix socket is made: zero leaves it to the
// umask and the master's own ids.
type socketFile struct {
	mode  plan.BindMode
	owner plan.BindOwner

	// private says that no other master opens sockets in the folder, so that it
	// need not be locked. The runtime directory is locked by us already.
	private bool
}

// maxBacklog is more than any system queues; it takes what it can.
const maxBacklog = 1<<16 - 1

// listen opens a unix socket whose file has its mode and owner before the first
// connection can succeed: one to a socket that does not listen yet is refused.
// The file is removed when the listener is closed.
func (f socketFile) listen(path string) (net.Listener, error) {
	if f == (socketFile{}) {
		return net.Listen("unix", path)
	}
	uid, gid, err := ids(f.owner)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close() // the listener has a descriptor of its own
	if f.mode != 0 {
		// Linux gives the file the mode of the socket, without what the umask
		// takes: it never has more than it will.
		if err := unix.Fchmod(fd, uint32(f.mode)); err != nil {
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

// apply changes the file at path, which has just been made, and follows no link
// that somebody may have put in its place.
func (f socketFile) apply(path string, uid, gid int) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return fmt.Errorf("%s is not the socket any more that was made there", path)
	}
	if uid >= 0 || gid >= 0 {
		if err := unix.Fchownat(fd, "", uid, gid, unix.AT_EMPTY_PATH); err != nil {
			return fmt.Errorf("%w: %w", errOwner, err)
		}
	}
	if f.mode == 0 {
		return nil
	}
	return os.NewSyscallError("chmod", unix.Chmod("/proc/self/fd/"+strconv.Itoa(fd), uint32(f.mode)))
}

// errOwner is why bind_owner cannot be set.
var errOwner = errors.New("the socket cannot be given away")

// CheckOwner says that there is no such user or group on this machine.
func CheckOwner(o plan.BindOwner) error {
	_, _, err := ids(o)
	return err
}

// ids are the numbers of an owner; -1 where it says nothing.
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
		return 0, fmt.Errorf("bind_owner: this machine has no %s %q in /etc; name another, or write a number", what, name)
	}
	return strconv.Atoi(found)
}

// folderWait bounds the wait for another master that opens a socket in the same
// folder.
const folderWait = 2 * time.Second

// lockFolder keeps other masters from opening a socket in the folder of path
// until release is called: a socket that does not listen yet looks like that of
// a dead process. Where that cannot be had, it is done without.
func lockFolder(path string) (release func()) {
	fd, err := unix.Open(filepath.Dir(path), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return func() {}
	}
	deadline := time.Now().Add(folderWait)
	for unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) != nil && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	return func() { _ = unix.Close(fd) } // which releases the lock
}
