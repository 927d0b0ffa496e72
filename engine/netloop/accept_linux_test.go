//go:build !portable

package netloop_test

import (
	"bufio"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

func TestAcceptedWithFirstBytes(t *testing.T) {
	var rested atomic.Int32
	addr, _ := serve(t, "epoll", netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
		s, v := line(task, c, 0)
		if s == "" && v.Op == netloop.Rest {
			rested.Add(1)
		}
		if s != "" {
			c.Write(task, []byte("got "), []byte(s), time.Minute)
		}
		return v
	})
	hundred := func() int32 {
		rested.Store(0)
		for range 100 {
			c := dial(t, addr)
			_, err := c.Write([]byte("a\n"))
			require.NoError(t, err)
			got, err := bufio.NewReader(c).ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "got a\n", got)
			c.Close()
		}
		return rested.Load()
	}
	// The first connection may come before the driver runs, and any may be late
	// on a machine that stops for a second.
	for tries := 5; hundred() > 0; tries-- {
		require.Positive(t, tries, "no accept should have to wait")
	}

	c := dial(t, addr)
	require.NoError(t, c.CloseWrite())
	got, err := io.ReadAll(c)
	require.NoError(t, err, "a client that closes without sending is accepted too")
	assert.Empty(t, got)
}
