package netloop

import (
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAwaitProgress checks that a wait for a peer continues while the peer
// keeps to MinRate, whether or not the socket becomes writable.
func TestAwaitProgress(t *testing.T) {
	const wait = 40 * time.Second
	enough := MinBytes(wait - wait/lookAfter)
	for _, c := range []struct {
		why     string
		tries   []error // result of each part of the wait
		unacked []int64 // bytes left at each look
		late    bool
		want    error
	}{
		{"writable at once", []error{nil}, nil, false, nil},
		{"writable before it is judged", []error{ErrTimeout, nil}, []int64{9e6}, false, nil},
		{"takes nothing", []error{ErrTimeout, ErrTimeout}, []int64{9e6, 9e6}, false, ErrTimeout},
		{"takes too little", []error{ErrTimeout, ErrTimeout}, []int64{9e6, 9e6 - enough + 1}, false, ErrTimeout},
		{"takes enough, twice, then nothing", []error{ErrTimeout, ErrTimeout, ErrTimeout, ErrTimeout, ErrTimeout, ErrTimeout},
			[]int64{9e6, 9e6 - enough, 8e6, 8e6 - enough, 7e6, 7e6}, false, ErrTimeout},
		{"takes enough, then is writable", []error{ErrTimeout, ErrTimeout, nil}, []int64{9e6, 9e6 - enough}, false, nil},
		{"the task's own deadline", []error{ErrTimeout}, nil, true, ErrTimeout},
		{"a connection that breaks", []error{ErrTimeout, net.ErrClosed}, []int64{9e6}, false, net.ErrClosed},
	} {
		t.Run(c.why, func(t *testing.T) {
			var waited time.Duration
			tried, looked := 0, 0
			got := awaitProgress(wait, func(d time.Duration) error {
				waited += d
				tried++
				return c.tries[tried-1]
			}, func() bool { return c.late }, func() int64 {
				looked++
				return c.unacked[looked-1]
			})
			assert.Equal(t, c.want, got)
			assert.Equal(t, len(c.tries), tried, "parts of the wait")
			assert.Equal(t, len(c.unacked), looked, "looks at the queue")
			if c.want == ErrTimeout && !c.late {
				assert.Zero(t, waited%wait, "whole waits")
			}
		})
	}
}

// TestUnacked checks that unacked shows what the peer's side has taken before
// the socket is writable again.
func TestUnacked(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	server, err := ln.Accept()
	require.NoError(t, err)
	defer server.Close()
	raw, err := server.(syscall.Conn).SyscallConn()
	require.NoError(t, err)
	left := func() (n int64) {
		require.NoError(t, raw.Control(func(fd uintptr) { n = unacked(int(fd)) }))
		return n
	}
	if left(); !seesUnacked {
		t.Skip("this system does not report unacknowledged bytes")
	}
	full := make([]byte, 64<<10)
	for err == nil { // until both buffers are full
		require.NoError(t, server.SetWriteDeadline(time.Now().Add(50*time.Millisecond)))
		_, err = server.Write(full)
	}
	before := left()
	require.Positive(t, before)
	_, err = io.CopyN(io.Discard, client, before/2)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return left() < before }, 30*time.Second, time.Millisecond)
}
