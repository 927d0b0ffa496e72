package proc

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// KeepPorts keeps the permission to listen on ports below 1024 from the processes
// that this one starts, which would inherit it if a service manager has given it as
// an ambient capability (capabilities(7)). This process keeps it. KeepPorts does
// nothing in a program that is built with cgo, in which Go cannot change all threads.
func KeepPorts() {
	_, _, _ = syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_LOWER, unix.CAP_NET_BIND_SERVICE, 0, 0, 0)
}
