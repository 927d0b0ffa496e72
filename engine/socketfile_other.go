//go:build !linux

package engine

import (
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

func newUnixSocket() (int, error) {
	syscall.ForkLock.RLock() // no child may inherit it
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, err
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// prepareMode does nothing: this system gives a socket's file its mode by the umask,
// until apply changes it. Nobody can connect before that, because the socket does not
// listen yet.
func prepareMode(int, uint32) error { return nil }

// trialPath returns a path for a socket in a folder.
func trialPath(dir *os.File) string {
	return filepath.Join(dir.Name(), ".ldcorn-"+rand.Text()[:8])
}

// apply changes the file at path, which has just been created. It does not
// follow a link that somebody may have put in its place.
func (f socketFile) apply(path string, uid, gid int) error {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return fmt.Errorf("%s is no longer the socket that was created there", path)
	}
	if uid >= 0 || gid >= 0 {
		if err := unix.Lchown(path, uid, gid); err != nil {
			return fmt.Errorf("%w: %w", errOwner, err)
		}
	}
	if f.mode == 0 {
		return nil
	}
	return chmodFile(path, uint32(f.mode))
}

// chmodFile does not follow a link.
func chmodFile(path string, mode uint32) error {
	return os.NewSyscallError("chmod", unix.Fchmodat(unix.AT_FDCWD, path, mode, unix.AT_SYMLINK_NOFOLLOW))
}

// apply changes the file. At no time does the file allow more than the old or
// the new mode and owner do.
func (c *fileChange) apply() error {
	info, err := os.Lstat(c.path)
	if err != nil {
		return &fs.PathError{Op: "lstat", Path: c.path, Err: err}
	}
	if !os.SameFile(info, c.made) {
		return fmt.Errorf("%s is not the socket any more that was made there", c.path)
	}
	if err := chmodFile(c.path, uint32(info.Mode().Perm())&c.mode); err != nil {
		return err
	}
	if err := unix.Lchown(c.path, c.uid, c.gid); err != nil {
		return fmt.Errorf("%w: %w", errOwner, err)
	}
	return chmodFile(c.path, c.mode)
}
