package regular

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxLinks is how many symbolic links in a row are followed, as in Linux.
const maxLinks = 40

// WriteFile makes data the content of the file at path, all of it or none:
// whoever reads the file meanwhile, and whatever fails, sees the old content or
// the new one. A file that is there keeps its mode, owner and access list, and
// stays where symbolic links lead; a new one gets the mode, less the umask. A
// pipe or a device is written to. The error is an *fs.PathError of the path.
func WriteFile(path string, data []byte, mode fs.FileMode) error {
	if err := writeFile(path, data, mode); err != nil {
		var cause *fs.PathError
		if errors.As(err, &cause) && cause.Path == path {
			return err
		}
		return &fs.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}

func writeFile(path string, data []byte, mode fs.FileMode) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && (!info.Mode().IsRegular() || isDescriptor(path)):
		return os.WriteFile(path, data, mode)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	target, err := follow(path)
	if err != nil {
		return err
	}
	if info != nil {
		// A file that may not be written to is not to be replaced either.
		if err := unix.Access(target, unix.W_OK); err != nil {
			return err
		}
	}
	return replace(target, info, data, mode)
}

// isDescriptor reports whether the path leads to a file that is open already,
// such as /dev/stdout. To replace the file would not change what is open.
func isDescriptor(path string) bool {
	path = filepath.Clean(path)
	return strings.HasPrefix(path, "/dev/") || strings.HasPrefix(path, "/proc/")
}

// follow returns the path of the file itself, which need not be there.
func follow(path string) (string, error) {
	for range maxLinks {
		dir, err := Follow(filepath.Dir(path))
		if err != nil {
			return "", noFolder(filepath.Dir(path), err)
		}
		path = filepath.Join(dir, filepath.Base(path))
		link, err := os.Readlink(path)
		switch {
		case err != nil: // no link, or nothing
			return path, nil
		case filepath.IsAbs(link):
			path = link
		default:
			path = dir + string(filepath.Separator) + link // not joined: ".." counts after links
		}
	}
	return "", syscall.ELOOP
}

// noFolder names the folder that is missing, where one would look for the file.
func noFolder(dir string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no folder %s", dir)
	}
	return err
}

// replace puts a file with the data in the place of path, where old is now, or
// nothing if that is nil.
func replace(path string, old fs.FileInfo, data []byte, mode fs.FileMode) error {
	temp := filepath.Join(filepath.Dir(path), ".ldcorn-"+rand.Text()+".tmp")
	if old != nil {
		mode = 0o600 // until it has the owner
	}
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("its folder takes no new file, which is written first and then renamed: %w", cause(err))
	}
	err = fill(f, path, old, data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		if err = os.Rename(temp, path); errors.Is(err, unix.EBUSY) {
			err = fmt.Errorf("it cannot be replaced, for it is a mount of its own: %w", cause(err))
		}
	}
	if err != nil {
		_ = os.Remove(temp)
		return cause(err)
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// fill makes the temporary file what the file at path is to become.
func fill(f *os.File, path string, old fs.FileInfo, data []byte) error {
	if _, err := f.Write(data); err != nil {
		return err
	}
	if old != nil {
		if err := keep(f, path, old); err != nil {
			return err
		}
	}
	return f.Sync()
}

// keep gives a new file the owner, the extended attributes, of which access
// lists are some, and the mode of the old one.
func keep(f *os.File, path string, old fs.FileInfo) error {
	if st, ok := old.Sys().(*syscall.Stat_t); ok {
		var now unix.Stat_t
		if err := unix.Fstat(int(f.Fd()), &now); err != nil {
			return err
		}
		if now.Uid != st.Uid || now.Gid != st.Gid {
			if err := f.Chown(int(st.Uid), int(st.Gid)); err != nil {
				return fmt.Errorf("it would no longer belong to user %d and group %d; run this as that user and in that group, or as root: %w", st.Uid, st.Gid, cause(err))
			}
		}
	}
	keepAttributes(f, path)
	return f.Chmod(old.Mode()) // after the owner, which takes bits away
}

// keepAttributes copies what the file system lets us.
func keepAttributes(f *os.File, path string) {
	names := make([]byte, 64<<10) // the most that Linux has
	n, err := unix.Listxattr(path, names)
	if err != nil {
		return
	}
	value := make([]byte, 64<<10)
	for name := range strings.SplitSeq(strings.TrimRight(string(names[:n]), "\x00"), "\x00") {
		if n, err := unix.Getxattr(path, name, value); err == nil {
			_ = unix.Fsetxattr(int(f.Fd()), name, value[:n], 0)
		}
	}
}

// syncFolder has the new name last through a loss of power, where the file
// system can. The content has been synced before, so that either is whole.
func syncFolder(path string) {
	if d, err := os.Open(path); err == nil {
		_ = d.Sync()
		d.Close()
	}
}

// cause is an error of the system without the temporary name in it.
func cause(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}
