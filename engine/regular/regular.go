// Package regular reads and writes files that a user has named. A write never
// leaves a partial file behind. A read does not block for long: if the name
// leads to a FIFO, a device or a socket, where an ordinary open would block
// until somebody writes, it fails; and so it does if the file does not respond,
// for example because it is on a network disk that is not available.
package regular

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// The errors of this package that are not system errors wrap one of these.
var (
	ErrNotRegular = errors.New("want a regular file")
	ErrTooLarge   = errors.New("is too large")
	ErrSilent     = errors.New("does not respond")
)

// Open opens a regular file for reading and follows symbolic links. The caller
// must close the file. The error is an *fs.PathError.
func Open(path string) (*os.File, error) {
	// The check before the open protects us from devices that act when they are
	// opened; the check after it catches a file that was substituted in
	// between.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := check(path, info.Mode()); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil {
		err = check(path, info.Mode())
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Follow resolves the symbolic links in a path as filepath.EvalSymlinks does.
// For links that form a cycle, the error of EvalSymlinks names a function; ours
// is an *fs.PathError.
func Follow(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err == nil || errors.As(err, new(*fs.PathError)) {
		return real, err
	}
	return "", &fs.PathError{Op: "lstat", Path: path, Err: syscall.ELOOP}
}

// readTime is how long a read may take.
const readTime = 5 * time.Second

// ReadFile reads a regular file of at most limit bytes, and fails if that takes
// more than a few seconds. The content of an empty file is not nil. The error
// is an *fs.PathError.
func ReadFile(path string, limit int64) ([]byte, error) {
	return within(readTime, path, func() ([]byte, error) { return readFile(path, limit) })
}

// within returns the result of read, or an error after the time limit. Reading
// a file cannot be interrupted, so its goroutine stays until the system
// responds.
func within(limit time.Duration, path string, read func() ([]byte, error)) ([]byte, error) {
	type content struct {
		data []byte
		err  error
	}
	done := make(chan content, 1)
	go func() {
		data, err := read()
		done <- content{data, err}
	}()
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case c := <-done:
		return c.data, c.err
	case <-late.C:
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("%w within %v", ErrSilent, limit)}
	}
}

func readFile(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var data bytes.Buffer
	if info, err := f.Stat(); err == nil && info.Size() <= limit {
		data.Grow(int(info.Size()) + bytes.MinRead)
	}
	if _, err := data.ReadFrom(io.LimitReader(f, limit+1)); err != nil {
		return nil, err
	}
	if int64(data.Len()) > limit {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("%w: it has more than %d MiB", ErrTooLarge, limit>>20)}
	}
	return append([]byte{}, data.Bytes()...), nil
}

func check(path string, mode fs.FileMode) error {
	if mode.IsRegular() {
		return nil
	}
	return &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("is %s; %w", Kind(mode), ErrNotRegular)}
}

// Kind describes a file that is not regular, with an article: "a FIFO".
func Kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "not a regular file"
}
