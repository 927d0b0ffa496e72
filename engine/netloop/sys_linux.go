package netloop

import "syscall"

// sysRead and sysWrite never sleep, so the scheduler need not be told.

func sysRead(fd int, p []byte) (int, syscall.Errno)  { return rawRead(fd, p) }
func sysWrite(fd int, p []byte) (int, syscall.Errno) { return rawWrite(fd, p) }
