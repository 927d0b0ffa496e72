//go:build !portable

package netloop

import (
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ringSize is how many operations one kernel call takes.
const ringSize = 256

// A ring hands operations on sockets to the kernel, many in one call
// (io_uring(7)). None of them waits: each has its result when the call returns,
// so nothing is in flight between two calls. Any thread can make the calls, one
// at a time.
type ring struct {
	fd     int
	sq, cq []byte // the mapped queues; the same memory if the kernel uses one mapping for both
	sqeMem []byte

	sqHead, sqTail *uint32
	sqMask         uint32
	sqes           []sqe
	cqHead, cqTail *uint32
	cqMask         uint32
	cqes           []cqe
}

// sqe is struct io_uring_sqe.
type sqe struct {
	opcode   uint8
	flags    uint8
	ioprio   uint16
	fd       int32
	off      uint64
	addr     uint64
	size     uint32
	msgFlags uint32
	userData uint64
	_        [3]uint64
}

// cqe is struct io_uring_cqe.
type cqe struct {
	userData uint64
	res      int32
	flags    uint32
}

// ringParams is struct io_uring_params.
type ringParams struct {
	sqEntries, cqEntries uint32
	flags                uint32
	sqThreadCPU          uint32
	sqThreadIdle         uint32
	features             uint32
	wqFd                 uint32
	_                    [3]uint32
	sqOff                struct {
		head, tail, mask, entries, flags, dropped, array, _ uint32
		userAddr                                            uint64
	}
	cqOff struct {
		head, tail, mask, entries, overflow, cqes, flags, _ uint32
		userAddr                                            uint64
	}
}

// From linux/io_uring.h: x/sys/unix has only the numbers of the system calls.
const (
	ringOpSend         = 26
	ringOpRecv         = 27
	ringOffSQ          = 0
	ringOffCQ          = 0x8000000
	ringOffSQEs        = 0x10000000
	ringFeatSingleMap  = 1
	ringEnterGetEvents = 1
)

// newRing returns a ring after testing that it works. Many systems have none:
// the kernel is older than 5.6, or a container's seccomp profile or the
// administrator (kernel.io_uring_disabled) forbids it.
func newRing() (*ring, error) {
	var p ringParams
	fd, _, e := syscall.RawSyscall(unix.SYS_IO_URING_SETUP, ringSize, uintptr(unsafe.Pointer(&p)), 0)
	if e != 0 {
		return nil, os.NewSyscallError("io_uring_setup", e)
	}
	r := &ring{fd: int(fd)}
	err := r.mapQueues(&p)
	if err == nil {
		err = r.try()
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *ring) mapQueues(p *ringParams) (err error) {
	const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED | unix.MAP_POPULATE
	sqSize := int(p.sqOff.array + p.sqEntries*4)
	cqSize := int(p.cqOff.cqes + p.cqEntries*uint32(unsafe.Sizeof(cqe{})))
	single := p.features&ringFeatSingleMap != 0
	if single {
		sqSize = max(sqSize, cqSize)
	}
	if r.sq, err = unix.Mmap(r.fd, ringOffSQ, sqSize, prot, flags); err != nil {
		return os.NewSyscallError("mmap", err)
	}
	r.cq = r.sq
	if !single {
		if r.cq, err = unix.Mmap(r.fd, ringOffCQ, cqSize, prot, flags); err != nil {
			r.cq = nil
			return os.NewSyscallError("mmap", err)
		}
	}
	if r.sqeMem, err = unix.Mmap(r.fd, ringOffSQEs, int(p.sqEntries)*int(unsafe.Sizeof(sqe{})), prot, flags); err != nil {
		return os.NewSyscallError("mmap", err)
	}
	r.sqHead, r.sqTail = word(r.sq, p.sqOff.head), word(r.sq, p.sqOff.tail)
	r.cqHead, r.cqTail = word(r.cq, p.cqOff.head), word(r.cq, p.cqOff.tail)
	r.sqMask, r.cqMask = *word(r.sq, p.sqOff.mask), *word(r.cq, p.cqOff.mask)
	r.sqes = unsafe.Slice((*sqe)(unsafe.Pointer(unsafe.SliceData(r.sqeMem))), p.sqEntries)
	r.cqes = unsafe.Slice((*cqe)(unsafe.Pointer(&r.cq[p.cqOff.cqes])), p.cqEntries)
	// Entry i of the queue is always operation i.
	for i, array := uint32(0), unsafe.Slice(word(r.sq, p.sqOff.array), p.sqEntries); i < p.sqEntries; i++ {
		array[i] = i
	}
	return nil
}

func word(mem []byte, off uint32) *uint32 { return (*uint32)(unsafe.Pointer(&mem[off])) }

// errNoSockets says in plain words how a kernel before 5.6 fails.
var errNoSockets = errors.New("this kernel's io_uring cannot send and receive")

// try sends and receives a byte, and checks that operations that would have to
// wait fail instead.
func (r *ring) try() error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socketpair", err)
	}
	defer rawClose(pair[0])
	defer rawClose(pair[1])
	bytes := []byte{'x', 0, 0}
	var pin runtime.Pinner // a stack can grow and move before the kernel reads it
	pin.Pin(unsafe.SliceData(bytes))
	defer pin.Unpin()
	send := ringOp{fd: pair[0], buf: bytes[:1], send: true}
	take := ringOp{fd: pair[1], buf: bytes[1:]}
	more := ringOp{fd: pair[1], buf: bytes[2:]}
	if r.carryOut([]*ringOp{&send, &take, &more}) != 3 || send.n != 1 || take.n != 1 || bytes[1] != 'x' || more.errno != unix.EAGAIN {
		return errNoSockets
	}
	return nil
}

// A ringOp is one read or write of a non-blocking socket, and its result.
type ringOp struct {
	fd    int
	buf   []byte // not empty; not on a goroutine's stack, which can move
	send  bool   // send buf; otherwise receive into it
	n     int
	errno syscall.Errno // 0 = n bytes were moved
}

// now does the operation with a system call of its own.
func (o *ringOp) now() {
	if o.send {
		o.n, o.errno = rawWrite(o.fd, o.buf)
	} else {
		o.n, o.errno = rawRead(o.fd, o.buf)
	}
}

// carryOut does at most ringSize operations, in order, and returns how many it
// has done. It does fewer only if the kernel runs out of memory.
func (r *ring) carryOut(ops []*ringOp) int {
	ops = ops[:min(len(ops), ringSize)]
	tail := *r.sqTail
	for i, op := range ops {
		e := &r.sqes[(tail+uint32(i))&r.sqMask]
		*e = sqe{
			opcode: ringOpRecv, fd: int32(op.fd), userData: uint64(i), msgFlags: unix.MSG_DONTWAIT,
			addr: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(op.buf)))), size: uint32(len(op.buf)),
		}
		if op.send {
			e.opcode, e.msgFlags = ringOpSend, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL
		}
	}
	atomic.StoreUint32(r.sqTail, tail+uint32(len(ops)))
	r.enter(len(ops), 0)
	// Operations that the kernel has not taken must not be there next time.
	done := int(atomic.LoadUint32(r.sqHead) - tail)
	atomic.StoreUint32(r.sqTail, tail+uint32(done))
	for left := done - r.collect(ops); left > 0; left -= r.collect(ops) {
		r.enter(0, left) // no known kernel leaves any unfinished
	}
	return done
}

// enter makes the kernel take operations and waits for results.
func (r *ring) enter(take, waitFor int) {
	flags := uintptr(0)
	if waitFor > 0 {
		flags = ringEnterGetEvents
	}
	syscall.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(take), uintptr(waitFor), flags, 0, 0)
}

// collect takes the available results and returns how many there were.
func (r *ring) collect(ops []*ringOp) int {
	head, tail := *r.cqHead, atomic.LoadUint32(r.cqTail)
	n := int(tail - head)
	for ; head != tail; head++ {
		e := &r.cqes[head&r.cqMask]
		op := ops[e.userData]
		op.n, op.errno = int(e.res), 0
		if e.res < 0 {
			op.n, op.errno = -1, syscall.Errno(-e.res)
		}
	}
	atomic.StoreUint32(r.cqHead, head)
	return n
}

func (r *ring) close() {
	for _, m := range [][]byte{r.sqeMem, r.sq} {
		if m != nil {
			_ = unix.Munmap(m)
		}
	}
	if r.cq != nil && unsafe.SliceData(r.cq) != unsafe.SliceData(r.sq) {
		_ = unix.Munmap(r.cq)
	}
	rawClose(r.fd)
}
