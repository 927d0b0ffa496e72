// Package regular reads and writes files that a user has named. A write leaves no
// half file behind. A read does not wait for long: a FIFO, a device or a socket
// under the name of a file is an error, where an ordinary open would block until
// somebody writes to it, and so is a file that gives nothing, such as one of a
// network disk that is not there.
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

// The errors of this package that are not those of the system wrap one of
// these.
var (
	ErrNotRegular = errors.New("want a regular file")
	ErrTooLarge   = errors.New("is too large")
	ErrSilent     = errors.New("gives nothing")
)

// Open opens a regular file for reading, symbolic links followed. The caller
// must close it. The error is an *fs.PathError.
func Open(path string) (*os.File, error) {
	// The look before the open keeps us from devices that act when they are
	// opened; the one after it is for what was put there in between.
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

// Follow returns the path with its symbolic links followed, as
// filepath.EvalSymlinks does, whose error about links that lead in a circle is
// the name of a function. Ours is an *fs.PathError.
func Follow(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err == nil || errors.As(err, new(*fs.PathError)) {
		return real, err
	}
	return "", &fs.PathError{Op: "lstat", Path: path, Err: syscall.ELOOP}
}

// readTime is how long a read may take.
const readTime = 5 * time.Second

// ReadFile reads a regular file of at most limit bytes, within some seconds. The
// content of an empty file is not nil. The error is an *fs.PathError.
func ReadFile(path string, limit int64) ([]byte, error) {
	return within(readTime, path, func() ([]byte, error) { return readFile(path, limit) })
}

// within returns what read returns, or an error once the time is over. The read
// of a file cannot be ended: its goroutine then stays until the system answers.
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

// Kind says what a file that is not regular is, with its article: "a FIFO".
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
	return "no regular file"
}
