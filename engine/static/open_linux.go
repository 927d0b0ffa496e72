package static

import (
	"os"

	"golang.org/x/sys/unix"
)

// canOpenBeneath reports whether the kernel has openat2, which Linux 5.6 has brought,
// and whether this process may call it.
func canOpenBeneath() bool {
	fd, err := unix.Openat2(unix.AT_FDCWD, ".", &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC})
	if err == nil {
		_ = unix.Close(fd)
	}
	return err == nil || err != unix.ENOSYS && err != unix.EPERM
}

func openFolder(path string) (fd int, err error) {
	err = ignoringEINTR(func() error {
		fd, err = unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return fd, nil
}

// openTries is how often a file is opened again whose name has a ".." in a link, while
// others rename folders. The kernel cannot tell then that the file is not outside.
const openTries = 64

func openBeneath(folder int, name string) (int, error) {
	how := unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS,
	}
	for tries := 1; ; {
		fd, err := unix.Openat2(folder, name, &how)
		switch {
		case err == nil:
			return fd, nil
		case err == unix.EINTR:
		case err == unix.EAGAIN && tries < openTries:
			tries++
		default:
			return -1, err
		}
	}
}
