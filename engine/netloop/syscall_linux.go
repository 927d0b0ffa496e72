//go:build !portable

package netloop

import (
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// These are raw system calls on non-blocking descriptors. They return at once,
// so the scheduler need not be told. None of them confuses EINTR with EAGAIN,
// because these calls do not sleep.

// rawRead reads from a socket. recvfrom gets there more directly than read.
func rawRead(fd int, p []byte) (int, syscall.Errno) {
	n, _, e := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), 0, 0, 0)
	return int(n), e
}

// rawDrop reads bytes that nobody wants from a socket. TCP does not even copy
// them to p (tcp(7), MSG_TRUNC). Other sockets do.
func rawDrop(fd int, p []byte) (int, syscall.Errno) {
	n, _, e := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_TRUNC, 0, 0)
	return int(n), e
}

// rawEnded reports whether the peer of a socket has ended its stream.
func rawEnded(fd int) bool {
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	var now unix.Timespec
	n, _, e := syscall.RawSyscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&fds)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	return e == 0 && n > 0
}

// rawDrain reads from a descriptor that is not a socket.
func rawDrain(fd int, p []byte) {
	syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
}

func rawPeek(fd int, p []byte) (int, syscall.Errno) {
	n, _, e := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_PEEK, 0, 0)
	return int(n), e
}

func rawWrite(fd int, p []byte) (int, syscall.Errno) {
	n, _, e := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_NOSIGNAL, 0, 0)
	return int(n), e
}

func rawWritev(fd int, a, b []byte) (int, syscall.Errno) {
	iov := [2]unix.Iovec{{Base: unsafe.SliceData(a)}, {Base: unsafe.SliceData(b)}}
	iov[0].SetLen(len(a))
	iov[1].SetLen(len(b))
	n, _, e := syscall.RawSyscall(syscall.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&iov[0])), 2)
	return int(n), e
}

func rawSplice(from, to int, n int) (int, syscall.Errno) {
	moved, _, e := syscall.RawSyscall6(syscall.SYS_SPLICE, uintptr(from), 0, uintptr(to), 0, uintptr(n), unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
	return int(moved), e
}

// rawPost writes to a descriptor that is not a socket.
func rawPost(fd int, p []byte) {
	syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
}

// rawAccept accepts a connection, ready for use in a loop. A peer without an
// internet address has the zero AddrPort.
func rawAccept(lfd int) (int, netip.AddrPort, syscall.Errno) {
	var sa unix.RawSockaddrInet6 // the larger of the two types that matter
	size := uint32(unsafe.Sizeof(sa))
	fd, _, e := syscall.RawSyscall6(syscall.SYS_ACCEPT4, uintptr(lfd), uintptr(unsafe.Pointer(&sa)), uintptr(unsafe.Pointer(&size)), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if e != 0 {
		return -1, netip.AddrPort{}, e
	}
	return int(fd), addrOf(&sa), 0
}

// rawLocal returns the address that a socket is bound to, or the zero AddrPort
// for a unix socket.
func rawLocal(fd int) netip.AddrPort {
	var sa unix.RawSockaddrInet6
	size := uint32(unsafe.Sizeof(sa))
	_, _, e := syscall.RawSyscall(syscall.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(&sa)), uintptr(unsafe.Pointer(&size)))
	if e != 0 {
		return netip.AddrPort{}
	}
	return addrOf(&sa)
}

// addrOf converts an address from the kernel's form.
func addrOf(sa *unix.RawSockaddrInet6) netip.AddrPort {
	switch sa.Family {
	case unix.AF_INET:
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), bigEndian(v4.Port))
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), bigEndian(sa.Port))
	}
	return netip.AddrPort{}
}

// bigEndian converts a port from the kernel's byte order.
func bigEndian(port uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(&port))
	return uint16(b[0])<<8 | uint16(b[1])
}

// rawConnect starts a connection to a unix socket. It fails with errReserved if
// the number of its descriptor would be reserved or higher.
func rawConnect(path string, reserved int) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if fd >= reserved {
		rawClose(fd)
		return -1, errReserved
	}
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		rawClose(fd)
		return -1, err
	}
	return fd, nil
}

// rawSpare returns the lowest number that no descriptor has, or -1. open must
// be an open descriptor.
func rawSpare(open int) int {
	fd, _, e := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(open), unix.F_DUPFD_CLOEXEC, 0)
	if e != 0 {
		return -1
	}
	rawClose(int(fd))
	return int(fd)
}

// rawYield lets another process have the core if one wants it.
func rawYield() { syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }

func rawClose(fd int) { syscall.RawSyscall(syscall.SYS_CLOSE, uintptr(fd), 0, 0) }

// rawWait and blockingWait wait at most ms milliseconds (-1 = forever). Only
// blockingWait tells the scheduler, so use rawWait only for short waits.
func rawWait(epfd int, events []unix.EpollEvent, ms int) (int, syscall.Errno) {
	n, _, e := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), uintptr(ms), 0, 0)
	return int(n), e
}

func blockingWait(epfd int, events []unix.EpollEvent, ms int) (int, syscall.Errno) {
	n, _, e := syscall.Syscall6(syscall.SYS_EPOLL_PWAIT, uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), uintptr(ms), 0, 0)
	return int(n), e
}
