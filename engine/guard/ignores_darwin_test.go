package guard

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// ignores reports whether a process ignores a signal.
func ignores(pid int, sig syscall.Signal) bool {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	return err == nil && info.Proc.P_sigignore>>(uint(sig)-1)&1 == 1
}
