package netloop

import (
	"errors"
	"syscall"
)

// passing reports whether a failed attempt to connect is worth repeating: the
// peer's backlog is full, or no descriptor or memory is left for now.
func passing(err error) bool {
	if errors.Is(err, errReserved) {
		return true
	}
	for _, e := range [...]syscall.Errno{syscall.EAGAIN, syscall.EINTR, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
