package buffer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// checkFolder fails if a folder is in memory: what would wait there would take the
// memory that it is to spare.
func checkFolder(path string) error {
	var fs unix.Statfs_t
	if err := ignoringEINTR(func() error { return unix.Statfs(path, &fs) }); err != nil {
		return &os.PathError{Op: "statfs", Path: path, Err: err}
	}
	switch int64(fs.Type) {
	case unix.TMPFS_MAGIC:
		return fmt.Errorf("%s is a tmpfs, which is memory", path)
	case unix.RAMFS_MAGIC:
		return fmt.Errorf("%s is a ramfs, which is memory", path)
	}
	return nil
}

// openFile opens a new file without a name, which the system removes however this
// process ends.
func openFile(dir string) (Store, error) {
	fd := -1
	err := ignoringEINTR(func() (err error) {
		fd, err = unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
		return err
	})
	switch {
	case err == nil:
		return os.NewFile(uintptr(fd), filepath.Join(dir, "ldcorn-buffer")), nil
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EISDIR), errors.Is(err, unix.EINVAL):
		return openNamed(dir) // the system, or the file system, does not know O_TMPFILE
	}
	return nil, &os.PathError{Op: "open", Path: dir, Err: err}
}

func ignoringEINTR(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}
