//go:build !portable

package netloop

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestTune(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0", "0.0.0.0:0"} {
		ln, err := net.Listen("tcp", address)
		if address == "[::1]:0" && err != nil {
			continue // a machine without IPv6
		}
		require.NoError(t, err)
		defer ln.Close()
		raw, err := ln.(*net.TCPListener).SyscallConn()
		require.NoError(t, err)
		before := congestion(t, ln)
		tune(ln)
		require.NoError(t, raw.Control(func(fd uintptr) {
			for _, option := range []int{unix.TCP_NODELAY, unix.TCP_DEFER_ACCEPT} {
				v, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, option)
				require.NoError(t, err)
				assert.Positive(t, v)
			}
		}))
		if address != "0.0.0.0:0" {
			before = "reno"
		}
		assert.Equal(t, before, congestion(t, ln), address)
	}
}

func congestion(t *testing.T, ln net.Listener) (name string) {
	raw, err := ln.(*net.TCPListener).SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) {
		name, err = unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	}))
	require.NoError(t, err)
	return name
}
