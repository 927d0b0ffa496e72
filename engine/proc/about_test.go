//go:build linux

package proc

import (
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAbout(t *testing.T) {
	self, err := Self()
	require.NoError(t, err)
	dir, err := os.Getwd()
	require.NoError(t, err)
	assert.Equal(t, dir, self.Folder())
	assert.NotEmpty(t, self.Name())
	assert.Equal(t, os.Args, self.Command())
	assert.WithinDuration(t, time.Now(), self.Since(), time.Hour)
	assert.Equal(t, UserName(os.Geteuid()), self.User())
	assert.Equal(t, "4000000000", UserName(4000000000))

	gone := Process{PID: 1 << 30}
	assert.Empty(t, gone.Name())
	assert.Empty(t, gone.Folder())
	assert.Empty(t, gone.Command())
}

func TestListener(t *testing.T) {
	for _, bind := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::]:0"} {
		l, err := net.Listen("tcp", bind)
		if err != nil {
			t.Log(err) // no IPv6
			continue
		}
		port := uint16(l.Addr().(*net.TCPAddr).Port)
		for _, host := range []string{"127.0.0.1", "0.0.0.0"} {
			pid, uid := Listener(netip.AddrPortFrom(netip.MustParseAddr(host), port))
			assert.Equal(t, os.Getpid(), pid, bind)
			assert.Equal(t, os.Geteuid(), uid)
		}
		require.NoError(t, l.Close())
		_, uid := Listener(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port))
		assert.Equal(t, -1, uid)
	}
}
