package netloop_test

import (
	"io"
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// holder listens on a unix socket and keeps every connection open, like a child
// process that has inherited the sockets of a dead worker. It writes a word to
// each.
func holder(t *testing.T, word string) *netloop.Upstream {
	t.Helper()
	sock := filepath.Join(t.TempDir(), "up.sock")
	ln, err := net.Listen("unix", sock)
	require.NoError(t, err)
	held := make(chan net.Conn, 16)
	t.Cleanup(func() {
		ln.Close()
		for c := range held {
			c.Close()
		}
	})
	go func() {
		defer close(held)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, word)
			held <- c
		}
	}()
	return netloop.NewUpstream(sock)
}

// TestSever checks that the connections of a severed upstream end, whatever
// they are doing and though their other ends stay open, and that what the
// upstream has written is not lost.
func TestSever(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		dead, alive := holder(t, "before"), holder(t, "")
		type outcome struct {
			word              string
			blocked, late     error // of a waiting read, and of a later one
			write, dial, kept error
			idle, other       bool
		}
		got, blocks := make(chan outcome, 1), make(chan bool, 1)
		addr, _ := serve(t, name, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			var o outcome
			var conns [3]netloop.Conn
			for i, to := range []*netloop.Upstream{dead, dead, alive} {
				conns[i], _ = task.Dial(to, time.Minute)
				defer conns[i].Close()
			}
			idle, err := task.Dial(dead, time.Minute)
			if err != nil {
				return netloop.Verdict{}
			}
			buf := make([]byte, 64)
			for _, c := range []netloop.Conn{idle, conns[0]} {
				_, _ = c.Read(task, buf, time.Minute) // the word
			}
			idle.Rest(0)
			conns[2].Rest(0)
			f := task.Fork(func(task netloop.Task) {
				blocks <- true
				_, o.blocked = conns[0].Read(task, make([]byte, 64), time.Minute)
			})
			f.Wait(task)
			_, o.write = conns[0].Write(task, []byte("x"), nil, time.Minute)
			n, _ := conns[1].Read(task, buf, time.Minute)
			o.word = string(buf[:n])
			_, o.late = conns[1].Read(task, buf, time.Minute)
			_, o.dial = task.Dial(dead, time.Minute)
			o.idle, o.other = idle.Alive(), conns[2].Alive()
			_, o.kept = conns[2].Write(task, []byte("x"), nil, time.Minute)
			got <- o
			return netloop.Verdict{}
		})
		_, err := dial(t, addr).Write([]byte("x"))
		require.NoError(t, err)
		<-blocks
		dead.Sever()
		dead.Sever() // the second call does nothing
		o := <-got
		assert.ErrorIs(t, o.blocked, io.EOF)
		assert.Error(t, o.write)
		assert.Equal(t, "before", o.word)
		assert.ErrorIs(t, o.late, io.EOF)
		assert.ErrorIs(t, o.dial, syscall.ECONNREFUSED)
		assert.False(t, o.idle, "an idle connection to it")
		assert.True(t, o.other, "an idle connection to another upstream")
		assert.NoError(t, o.kept)
	})
}

// TestSeverTunnel checks that tunnels to a severed upstream end too.
func TestSeverTunnel(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		dead := holder(t, "before")
		ended := make(chan bool, 1)
		addr, _ := serve(t, name, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			u, err := task.Dial(dead, time.Minute)
			if err != nil {
				return netloop.Verdict{}
			}
			return task.Tunnel(c, u, func() { ended <- true })
		})
		c := dial(t, addr)
		_, err := c.Write([]byte("x"))
		require.NoError(t, err)
		word := make([]byte, len("before"))
		_, err = io.ReadFull(c, word)
		require.NoError(t, err)
		dead.Sever()
		_, err = io.ReadAll(c)
		assert.NoError(t, err)
		assert.True(t, <-ended)
	})
}
