package engine

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The signals that C libraries use between the threads of a process. The last
// one is SIGRTMIN in musl and in the shell.
const (
	firstLibrarySignal = 32
	lastLibrarySignal  = 34
)

// ignoreLibrarySignals makes the process ignore the signals of C libraries,
// which package os/signal does not know. The Go runtime leaves their
// disposition alone, which is fatal in a program without such a library.
//
// Unlike a handler, this is inherited by workers. Nothing can reset it between
// fork and exec, but it does no harm: glibc and musl set their own handlers
// where they use these signals, and so does Python's signal.signal. A signal
// that is blocked for sigwait is still delivered to it.
func ignoreLibrarySignals() {
	for sig := firstLibrarySignal; sig <= lastLibrarySignal; sig++ {
		if now, err := disposition(sig, nil); err == nil && now[0] == sigDefault { // otherwise a C library is present and handles it
			_, _ = disposition(sig, &sigaction{sigIgnore}) // a kernel that refuses leaves it as it was
		}
	}
}

// A sigaction is at least as large as the kernel's struct. The handler is its
// first word on every architecture except MIPS, where the kernel refuses our
// maskSize. SIG_IGN needs nothing else.
type sigaction [8]uintptr

const (
	sigDefault = 0 // SIG_DFL
	sigIgnore  = 1 // SIG_IGN
	maskSize   = 8 // bytes
)

// disposition returns the disposition of a signal and, unless next is nil,
// changes it to next.
func disposition(sig int, next *sigaction) (now sigaction, err error) {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(next)), uintptr(unsafe.Pointer(&now)), maskSize, 0, 0)
	if errno != 0 {
		return now, errno
	}
	return now, nil
}
