package static

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// A root is the folder that a path named when it was opened.
type root struct {
	id  identity // dev and ino
	fd  int      // Linux: of the folder, for openat2; -1 = os is used instead
	dir *os.Root // nil if fd is used
}

// A handle is an open file.
type handle struct {
	fd   int
	file *os.File // has fd; nil = fd is the handle's own

	// Guarded by Set.mu.
	busy int  // uses that have not ended
	gone bool // it is to be closed when the last one ends
}

// openRoot opens the folder that a path names now.
func openRoot(path string, beneath bool) (*root, error) {
	r := &root{fd: -1}
	var err error
	if beneath {
		r.fd, err = openFolder(path)
	} else {
		r.dir, err = os.OpenRoot(path)
	}
	if err != nil {
		return nil, err
	}
	if r.id, err = r.identify(); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// identify returns what tells the folder from others.
func (r *root) identify() (id identity, err error) {
	var st unix.Stat_t
	if r.fd >= 0 {
		err = ignoringEINTR(func() error { return unix.Fstat(r.fd, &st) })
		return folderIdentity(&st), err
	}
	f, err := r.dir.Open(".")
	if err != nil {
		return identity{}, err
	}
	defer f.Close()
	err = ignoringEINTR(func() error { return unix.Fstat(int(f.Fd()), &st) })
	return folderIdentity(&st), err
}

// isAt reports whether the path still names the folder.
func (r *root) isAt(path string) bool {
	var st unix.Stat_t
	return ignoringEINTR(func() error { return unix.Stat(path, &st) }) == nil && folderIdentity(&st) == r.id
}

func folderIdentity(st *unix.Stat_t) identity {
	return identity{dev: uint64(st.Dev), ino: uint64(st.Ino)} //nolint:unconvert // the types differ between systems
}

func (r *root) close() {
	if r.fd >= 0 {
		_ = unix.Close(r.fd)
		return
	}
	r.dir.Close()
}

// open opens a file below the folder. Whatever links say, the file is not outside. It
// never waits for the other end of a FIFO.
func (r *root) open(name string) (*handle, error) {
	if r.fd >= 0 {
		fd, err := openBeneath(r.fd, name)
		if err != nil {
			return nil, err
		}
		return &handle{fd: fd}, nil
	}
	f, err := r.dir.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return &handle{fd: int(f.Fd()), file: f}, nil
}

// identify returns what tells the version of a file from others, and its type.
func (h *handle) identify() (id identity, mode fs.FileMode, err error) {
	var st unix.Stat_t
	if err := ignoringEINTR(func() error { return unix.Fstat(h.fd, &st) }); err != nil {
		return identity{}, 0, os.NewSyscallError("fstat", err)
	}
	id = folderIdentity(&st)
	id.size, id.mtime, id.ctime = st.Size, st.Mtim.Nano(), st.Ctim.Nano()
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		mode = fs.ModeDir
	default:
		mode = fs.ModeIrregular
	}
	return id, mode, nil
}

// readAt fills p from an offset.
func (h *handle) readAt(p []byte, off int64) error {
	for len(p) > 0 {
		n, err := unix.Pread(h.fd, p, off)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return os.NewSyscallError("read", err)
		case n == 0:
			return errChanged // it has become shorter
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

func (h *handle) close() {
	if h.file != nil {
		h.file.Close()
		return
	}
	_ = unix.Close(h.fd)
}

func ignoringEINTR(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}

// missing are the errors of open that mean that there is no such file, or none that is
// to be served.
var missing = []error{fs.ErrNotExist, unix.ENOTDIR, unix.ELOOP, unix.EXDEV, unix.ENAMETOOLONG, unix.EINVAL, unix.ENXIO, unix.ENODEV, unix.EISDIR, unix.EILSEQ}

// openError returns the Get error for an error of open.
func openError(err error) error {
	for _, m := range missing {
		if errors.Is(err, m) {
			return ErrMissing
		}
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return ErrForbidden
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE), errors.Is(err, unix.EAGAIN), errors.Is(err, unix.ENOMEM):
		return ErrBusy
	}
	var escapes *fs.PathError
	if errors.As(err, &escapes) && !errors.As(err, new(syscall.Errno)) {
		return ErrMissing // os.Root has no error of its own for a link that leads outside
	}
	return err
}
