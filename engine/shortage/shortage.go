// Package shortage advises on errors of the system which mean that this process
// has run out of a resource whose limit the user can raise. Code that starts
// processes, or opens files of which there may be too many, passes its errors
// through Explain.
package shortage

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"golang.org/x/sys/unix"
)

// A Shortage is an error with advice. Its text contains no name of a system
// call.
type Shortage struct {
	text string
	err  error
}

func (s *Shortage) Error() string { return s.text }

// Unwrap returns the error of the system.
func (s *Shortage) Unwrap() error { return s.err }

// Explain returns a *Shortage for an error that means one, and any other error,
// including nil, unchanged. An EAGAIN must come from the start of a process or
// thread.
func Explain(err error) error {
	var known *Shortage
	var errno unix.Errno
	if errors.As(err, &known) || !errors.As(err, &errno) {
		return err
	}
	if text := Text(errno); text != "" {
		return &Shortage{text, err}
	}
	return err
}

// Is reports whether the error is a *Shortage.
func Is(err error) bool { return errors.As(err, new(*Shortage)) }

// OfFiles reports whether the error means that this process, or the system, has too many
// files open.
func OfFiles(err error) bool { return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) }

// Text says what an error number means and what to do, or returns "" if it is
// not a shortage.
func Text(errno unix.Errno) string {
	switch errno {
	case unix.EMFILE:
		return fmt.Sprintf("too many open files: the limit is %s; raise ulimit -n, or LimitNOFILE= of its systemd unit", limit(unix.RLIMIT_NOFILE))
	case unix.ENFILE:
		return "too many open files in the whole system; raise the sysctl fs.file-max"
	case unix.EAGAIN:
		return "too many processes and threads; raise ulimit -u, TasksMax= of its systemd unit, or pids.max of its cgroup"
	case unix.ENOMEM:
		return "the system has no memory for another process; free some, or raise ulimit -v, or MemoryMax= of the systemd unit"
	case unix.EFBIG:
		return fmt.Sprintf("file too large: the limit is %s bytes; raise ulimit -f, or LimitFSIZE= of its systemd unit", limit(unix.RLIMIT_FSIZE))
	}
	return ""
}

// limit returns the process's limit of a resource.
func limit(resource int) string {
	var l unix.Rlimit
	if unix.Getrlimit(resource, &l) != nil || uint64(l.Cur) > math.MaxInt64 {
		return "unknown"
	}
	return strconv.FormatUint(uint64(l.Cur), 10)
}
