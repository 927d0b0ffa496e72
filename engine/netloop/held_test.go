package netloop_test

import (
	"bytes"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// upstreamOf returns an upstream that writes data to each connection and closes it.
func upstreamOf(t *testing.T, data []byte) *netloop.Upstream {
	t.Helper()
	sock := filepath.Join(t.TempDir(), "up.sock")
	ln, err := net.Listen("unix", sock)
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = c.Write(data)
				c.Close()
			}()
		}
	}()
	return netloop.NewUpstream(sock)
}

const muchData = 16 << 20 // more than all buffers of a connection hold

// TestOnHeldWrite checks that the function is called once, and only when the peer
// takes no more bytes, and that a fork that it starts runs during the wait.
func TestOnHeldWrite(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		data := bytes.Repeat([]byte("0123456789abcdef"), muchData/16)
		up := upstreamOf(t, []byte("from the upstream"))
		calls, forked, unheld := make(chan int64, 10), make(chan string, 1), make(chan error, 1)
		addr, _ := serve(t, name, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			u, err := task.Dial(up, time.Minute)
			if err != nil {
				return netloop.Verdict{}
			}
			defer u.Close()
			var fork netloop.Fork
			held := func(taken int64) {
				calls <- taken
				fork = task.Fork(func(task netloop.Task) {
					buf := make([]byte, 64)
					n, _ := u.Read(task, buf, time.Minute)
					forked <- string(buf[:n])
				})
			}
			task.OnHeld(held)
			_, _ = c.Write(task, []byte("a few"), nil, time.Minute)
			task.OnHeld(nil)
			task.OnHeld(held)
			_, err = c.Write(task, data[:100], data[100:], time.Minute)
			if fork != nil {
				fork.Wait(task)
			}
			unheld <- err
			return netloop.Verdict{Op: netloop.Linger}
		})
		c := dial(t, addr)
		_, err := c.Write([]byte("x"))
		require.NoError(t, err)
		assert.EqualValues(t, 0, <-calls)
		assert.Equal(t, "from the upstream", <-forked)
		got, err := io.ReadAll(c)
		require.NoError(t, err)
		assert.Len(t, got, len(data)+len("a few"))
		assert.NoError(t, <-unheld)
		assert.Empty(t, calls)
	})
}

// TestOnHeldSplice checks that a splice stops at what its peer does not take, and
// that the bytes before and after that reach the peer in order.
func TestOnHeldSplice(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		data := make([]byte, muchData)
		for i := range data {
			data[i] = byte(i * 31 >> 5)
		}
		up := upstreamOf(t, data)
		type outcome struct {
			moved, taken int64
			rerr, werr   error
		}
		result, held := make(chan outcome, 1), make(chan bool, 1)
		addr, _ := serve(t, name, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			u, err := task.Dial(up, time.Minute)
			if err != nil {
				return netloop.Verdict{}
			}
			defer u.Close()
			var o outcome
			var fork netloop.Fork
			var rest []byte
			task.OnHeld(func(taken int64) {
				o.taken = o.moved + taken
				fork = task.Fork(func(task netloop.Task) {
					buf := make([]byte, 64<<10)
					for int64(len(rest)) < muchData-o.taken {
						n, err := u.Read(task, buf, time.Minute)
						if err != nil {
							break
						}
						rest = append(rest, buf[:n]...)
					}
					held <- true
				})
			})
			for fork == nil && o.rerr == nil && o.werr == nil {
				var n int64
				n, o.rerr, o.werr = u.Splice(task, c, muchData-o.moved, time.Minute, time.Minute)
				o.moved += n
			}
			if fork != nil {
				fork.Wait(task)
				_, err := c.Write(task, rest, nil, time.Minute)
				assert.NoError(t, err)
			}
			result <- o
			return netloop.Verdict{Op: netloop.Linger}
		})
		c := dial(t, addr)
		_, err := c.Write([]byte("x"))
		require.NoError(t, err)
		select {
		case <-held: // the upstream is done, and the client has read nothing
		case o := <-result:
			require.ErrorIs(t, o.rerr, netloop.ErrNoSplice)
			return
		}
		got, err := io.ReadAll(c)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(data, got), "got %d bytes", len(got))
		o := <-result
		assert.NoError(t, o.rerr)
		assert.NoError(t, o.werr)
		assert.Equal(t, o.taken, o.moved)
		assert.Positive(t, o.taken)
	})
}

// TestForkWaitsForFork checks that a fork can wait for another one of its parent.
func TestForkWaitsForFork(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		order := make(chan string, 3)
		addr, _ := serve(t, name, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			first := task.Fork(func(task netloop.Task) {
				assert.ErrorIs(t, task.Park(0), netloop.ErrEnough)
				order <- "first"
			})
			second := task.Fork(func(task netloop.Task) {
				first.Interrupt()
				first.Wait(task)
				order <- "second"
			})
			second.Wait(task)
			first.Wait(task)
			order <- "parent"
			return netloop.Verdict{}
		})
		_, err := dial(t, addr).Write([]byte("x"))
		require.NoError(t, err)
		assert.Equal(t, "first", <-order)
		assert.Equal(t, "second", <-order)
		assert.Equal(t, "parent", <-order)
	})
}
