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
	"time"

	"golang.org/x/sys/unix"
)

// maxLinks is how many symbolic links are followed, as in Linux.
const maxLinks = 40

// WriteFile replaces the content of the file at path with data, completely or
// not at all: whatever fails, every reader sees either the old content or the
// new one. An existing file keeps its mode, owner and access list, and symbolic
// links stay; a new file gets mode, before the umask. WriteFile writes directly
// to a pipe or a device, and does not wait for long for a reader of a pipe. The error is an *fs.PathError for path.
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
		return writeDirectly(path, info, data, mode)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	target, err := follow(path)
	if err != nil {
		return err
	}
	if info != nil {
		// If the file cannot be written to, do not replace it either.
		if err := unix.Access(target, unix.W_OK); err != nil {
			return err
		}
	}
	return replace(target, info, data, mode)
}

// writeDirectly writes to a file that cannot be replaced.
func writeDirectly(path string, info fs.FileInfo, data []byte, mode fs.FileMode) error {
	if info.Mode()&fs.ModeNamedPipe != 0 {
		return writeFIFO(path, data, fifoTime)
	}
	return os.WriteFile(path, data, mode)
}

// fifoTime is how long a FIFO may be without a reader.
const fifoTime = 5 * time.Second

// errUnread is for a FIFO that nobody reads.
var errUnread = fmt.Errorf("is a FIFO that nobody reads; %w", ErrNotRegular)

// writeFIFO writes to a FIFO, if somebody reads it within the time limit.
func writeFIFO(path string, data []byte, limit time.Duration) error {
	end := time.Now().Add(limit)
	f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	for errors.Is(err, syscall.ENXIO) {
		if time.Now().After(end) {
			return &fs.PathError{Op: "open", Path: path, Err: errUnread}
		}
		time.Sleep(limit / 500) // nothing tells when a reader comes
		f, err = os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	}
	if err != nil {
		return err
	}
	_ = f.SetWriteDeadline(end)
	if _, err = f.Write(data); errors.Is(err, os.ErrDeadlineExceeded) {
		err = &fs.PathError{Op: "write", Path: path, Err: errUnread}
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// isDescriptor reports whether the path leads to a file that is already open,
// such as /dev/stdout. Replacing the file would not affect the open one.
func isDescriptor(path string) bool {
	path = filepath.Clean(path)
	return strings.HasPrefix(path, "/dev/") || strings.HasPrefix(path, "/proc/")
}

// follow returns the path of the file itself, which need not exist.
func follow(path string) (string, error) {
	for range maxLinks {
		dir, err := Follow(filepath.Dir(path))
		if err != nil {
			return "", noFolder(filepath.Dir(path), err)
		}
		path = filepath.Join(dir, filepath.Base(path))
		link, err := os.Readlink(path)
		switch {
		case err != nil: // not a link, or it does not exist
			return path, nil
		case filepath.IsAbs(link):
			path = link
		default:
			path = dir + string(filepath.Separator) + link // not joined: ".." must be resolved after links
		}
	}
	return "", syscall.ELOOP
}

// noFolder names the missing folder, if that is the error, rather than the
// file.
func noFolder(dir string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no folder %s", dir)
	}
	return err
}

// replace replaces the file at path with a new file that contains data. old
// describes the present file and is nil if there is none.
func replace(path string, old fs.FileInfo, data []byte, mode fs.FileMode) error {
	temp := filepath.Join(filepath.Dir(path), ".ldcorn-"+rand.Text()+".tmp")
	if old != nil {
		mode = 0o600 // until the owner is set
	}
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("cannot create a new file in its folder, to rename it afterwards: %w", cause(err))
	}
	err = fill(f, path, old, data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		if err = os.Rename(temp, path); errors.Is(err, unix.EBUSY) {
			err = fmt.Errorf("it cannot be replaced because it is a mount point: %w", cause(err))
		}
	}
	if err != nil {
		_ = os.Remove(temp)
		return cause(err)
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// fill gives the temporary file the content and the attributes of the new file
// at path.
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

// keep gives a new file the owner, the extended attributes, which include
// access lists, and the mode of the old one.
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
	return f.Chmod(old.Mode()) // last, because a change of the owner clears bits
}

// keepAttributes copies the attributes that the file system allows.
func keepAttributes(f *os.File, path string) {
	names := make([]byte, 64<<10) // the maximum in Linux
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

// syncFolder makes the new name survive a power failure, if the file system
// supports that. The content has been synced before, so that either file is
// complete.
func syncFolder(path string) {
	if d, err := os.Open(path); err == nil {
		_ = d.Sync()
		d.Close()
	}
}

// cause returns an error of the system without the temporary name.
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
