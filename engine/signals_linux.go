package engine

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The signals that C libraries use between the threads of a process. The last
// is the SIGRTMIN of musl and of the shell.
const (
	firstLibrarySignal = 32
	lastLibrarySignal  = 34
)

// ignoreLibrarySignals has the process ignore the signals of C libraries, of
// which package os/signal knows nothing. The Go runtime leaves them as they are,
// which is deadly in a program without such a library.
//
// Unlike a handler, this is inherited by workers. Nothing can set it back
// between fork and exec, and there it does no harm: glibc and musl set handlers
// of their own where they use these signals, and so does Python's signal.signal.
// A signal that is blocked for sigwait is delivered to that all the same.
func ignoreLibrarySignals() {
	for sig := firstLibrarySignal; sig <= lastLibrarySignal; sig++ {
		if now, err := disposition(sig, nil); err == nil && now[0] == sigDefault { // else a C library is here, and handles it
			_, _ = disposition(sig, &sigaction{sigIgnore}) // a kernel that refuses leaves it as it was
		}
	}
}

// A sigaction is the kernel's struct, or what is longer. The handler is its
// first word on every architecture but MIPS, where the kernel refuses our
// maskSize. SIG_IGN wants no more than that.
type sigaction [8]uintptr

const (
	sigDefault = 0 // SIG_DFL
	sigIgnore  = 1 // SIG_IGN
	maskSize   = 8 // bytes
)

// disposition returns what is done at a signal and, unless next is nil, changes
// it to that.
func disposition(sig int, next *sigaction) (now sigaction, err error) {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(next)), uintptr(unsafe.Pointer(&now)), maskSize, 0, 0)
	if errno != 0 {
		return now, errno
	}
	return now, nil
}
