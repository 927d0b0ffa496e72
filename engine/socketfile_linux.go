package engine

import (
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

func newUnixSocket() (int, error) {
	return unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
}

// prepareMode gives a socket that has no file yet its mode. Linux gives the file the
// mode of the socket, minus the umask, so the file never has more permissions than it
// should.
func prepareMode(fd int, mode uint32) error { return unix.Fchmod(fd, mode) }

// trialPath returns a path for a socket in an open folder. Through it, the path is
// short enough for a socket.
func trialPath(dir *os.File) string {
	return fmt.Sprintf("/proc/self/fd/%d/.ldcorn-%s", dir.Fd(), rand.Text())
}

// apply changes the file at path, which has just been created. It does not
// follow a link that somebody may have put in its place.
func (f socketFile) apply(path string, uid, gid int) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return fmt.Errorf("%s is no longer the socket that was created there", path)
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

// apply changes the file. At no time does the file allow more than the old or
// the new mode and owner do.
func (c *fileChange) apply() error {
	fd, err := unix.Open(c.path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: c.path, Err: err}
	}
	file := os.NewFile(uintptr(fd), c.path)
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !os.SameFile(info, c.made) {
		return fmt.Errorf("%s is not the socket any more that was made there", c.path)
	}
	chmod := func(mode uint32) error {
		return os.NewSyscallError("chmod", unix.Chmod("/proc/self/fd/"+strconv.Itoa(fd), mode))
	}
	if err := chmod(uint32(info.Mode().Perm()) & c.mode); err != nil {
		return err
	}
	if err := unix.Fchownat(fd, "", c.uid, c.gid, unix.AT_EMPTY_PATH); err != nil {
		return fmt.Errorf("%w: %w", errOwner, err)
	}
	return chmod(c.mode)
}
