package netloop

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestDescriptors checks that, whatever the limit and the reserve, clients get
// most of the descriptors, and that there is room above them for upstreams and
// other uses.
func TestDescriptors(t *testing.T) {
	for _, limit := range []int{64, 100, 256, 1024, 65536, 1 << 20, 1<<31 - 1} {
		for _, reserve := range []int{0, 28, 100, 1 << 20} {
			d := &descriptors{limit: limit, reserve: func() int { return reserve }}
			name := fmt.Sprintf("limit %d, reserve %d", limit, reserve)
			assert.Greater(t, d.clients(), limit/2, name)
			assert.GreaterOrEqual(t, d.dials()-d.clients(), leastForDials, name)
			assert.LessOrEqual(t, d.dials(), limit-min(reserve, limit/4), name)
		}
	}
	d := &descriptors{limit: 256, reserve: func() int { return 28 }}
	assert.Equal(t, 228, d.dials())
	assert.Equal(t, 212, d.clients())
}

func TestIsShort(t *testing.T) {
	for err, want := range map[error]bool{
		errReserved:    true,
		syscall.ENFILE: true,
		&net.OpError{Op: "dial", Err: os.NewSyscallError("socket", syscall.EMFILE)}: true,
		&net.OpError{Op: "dial", Err: errReserved}:                                  true,
		syscall.ECONNREFUSED: false,
		syscall.EAGAIN:       false,
	} {
		assert.Equal(t, want, isShort(err), "%v", err)
		assert.True(t, !want || passing(err), "%v", err)
	}
}

// TestReserved: a descriptor is reserved from the number on that a connection to an
// upstream must not have, by the limit of this process and the reserve of the caller.
func TestReserved(t *testing.T) {
	for _, reserve := range []func() int{nil, func() int { return 1 << 20 }} {
		d := newDescriptors(&Options{Reserve: reserve})
		assert.False(t, Reserved(uintptr(d.dials()-1), reserve))
		assert.True(t, Reserved(uintptr(d.dials()), reserve))
	}
	first := newDescriptors(&Options{}).dials()
	assert.True(t, Reserved(uintptr(first-1), func() int { return 1 << 20 }), "the reserve counts")
}
