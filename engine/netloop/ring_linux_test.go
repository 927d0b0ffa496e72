//go:build !portable

package netloop

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// testRing returns a ring that is closed at the end of the test.
func testRing(t *testing.T) *ring {
	r, err := newRing()
	if err != nil {
		t.Skipf("this system has no ring: %v", err)
	}
	t.Cleanup(r.close)
	return r
}

// sockets returns two connected unix sockets that are closed at the end of the
// test.
func sockets(t *testing.T) (a, b int) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { rawClose(pair[0]); rawClose(pair[1]) })
	return pair[0], pair[1]
}

// heap keeps operations, and so their buffers, off the stack.
var heap []*ringOp

func TestRing_MoreThanItTakesAtOnce(t *testing.T) {
	r := testRing(t)
	b := batch{ring: r}
	for range 3 { // around the queues' ends
		var ops []*ringOp
		var ends []int
		for i := range 2*ringSize + 7 {
			from, to := sockets(t)
			ops = append(ops, &ringOp{fd: from, buf: []byte{byte(i), byte(i >> 8)}, send: true})
			ends = append(ends, to)
		}
		heap = ops
		assert.Equal(t, ringSize, r.carryOut(ops))
		b.do(ops[ringSize:])
		for i, to := range ends {
			assert.Equal(t, ringOp{fd: ops[i].fd, buf: ops[i].buf, send: true, n: 2}, *ops[i])
			ops[i] = &ringOp{fd: to, buf: make([]byte, 9)}
		}
		b.do(ops)
		for i, op := range ops {
			require.Equal(t, 2, op.n)
			assert.Equal(t, []byte{byte(i), byte(i >> 8)}, op.buf[:2])
		}
	}
}

// TestRing_Errors checks that each operation fails on its own, with the error
// that a system call would have had.
func TestRing_Errors(t *testing.T) {
	r := testRing(t)
	full, reader := sockets(t)
	half, gone := sockets(t)
	require.NoError(t, unix.Shutdown(gone, unix.SHUT_RDWR))
	silent, _ := sockets(t)
	much := bytes.Repeat([]byte("much "), 1<<20)
	ops := []*ringOp{
		{fd: silent, buf: make([]byte, 8)},
		{fd: half, buf: []byte("x"), send: true},
		{fd: half, buf: make([]byte, 8)},
		{fd: full, buf: much, send: true},
		{fd: full, buf: much, send: true},
		{fd: -1, buf: make([]byte, 8)},
		{fd: reader, buf: make([]byte, 8)},
	}
	heap = ops
	require.Equal(t, len(ops), r.carryOut(ops))
	assert.Equal(t, unix.EAGAIN, ops[0].errno)
	assert.Equal(t, unix.EPIPE, ops[1].errno, "and there is no signal")
	assert.Zero(t, ops[2].errno)
	assert.Zero(t, ops[2].n, "the end of the stream")
	assert.Zero(t, ops[3].errno)
	assert.Positive(t, ops[3].n)
	assert.Less(t, ops[3].n, len(much), "as much as there is room for")
	assert.Equal(t, unix.EAGAIN, ops[4].errno)
	assert.Equal(t, unix.EBADF, ops[5].errno)
	assert.Equal(t, "much muc", string(ops[6].buf[:ops[6].n]))
}

// TestBatch_DoesAloneWhatTheRingLeaves checks that system calls do what the
// kernel leaves undone when it runs out of memory.
func TestBatch_DoesAloneWhatTheRingLeaves(t *testing.T) {
	r := testRing(t)
	rawClose(r.fd) // from now on it takes nothing
	var err error
	r.fd, err = unix.Eventfd(0, unix.EFD_CLOEXEC)
	require.NoError(t, err)
	a, b := sockets(t)
	ops := []*ringOp{
		{fd: a, buf: []byte("ab"), send: true},
		{fd: b, buf: make([]byte, 1)},
		{fd: b, buf: make([]byte, 8)},
		{fd: b, buf: make([]byte, 8)},
	}
	heap = ops
	(&batch{ring: r}).do(ops)
	assert.Equal(t, []int{2, 1, 1, -1}, []int{ops[0].n, ops[1].n, ops[2].n, ops[3].n})
	assert.Equal(t, "ab", string(slices.Concat(ops[1].buf, ops[2].buf[:1])))
	assert.Equal(t, unix.EAGAIN, ops[3].errno)
}

// TestNew_NoRing checks that, without a ring, for example because an
// administrator or a container's profile forbids it, the default driver is
// epoll, and that asking for io_uring explains why it is missing.
func TestNew_NoRing(t *testing.T) {
	why := "io_uring_setup: too many open files"
	if r, err := newRing(); err == nil {
		r.close()
	} else {
		why = err.Error() // the kernel says so first
	}
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	none := unix.Rlimit{Max: limit.Max}
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &none))
	d, err := New("", Options{})
	_, err2 := New("io_uring", Options{})
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit))
	require.NoError(t, err)
	assert.Equal(t, "epoll", d.Name())
	assert.EqualError(t, err2, `connection driver "io_uring" (LDCORN_DRIVER): `+why+`; this system has epoll, goroutine`)
	_, err = New("kqueue", Options{})
	assert.ErrorContains(t, err, `no connection driver "kqueue" (LDCORN_DRIVER); this system has `)
}
