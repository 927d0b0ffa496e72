package netloop_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A source is a netloop.FileSource. It calls send in a goroutine.
type source struct {
	file *os.File
	hang chan struct{} // what the goroutine waits for before; nil = nothing
	late chan error    // ends the wait for the goroutine; nil = nothing does
	done chan struct{} // is sent to when send has returned; can be nil
}

func (s *source) SendFrom(t netloop.Task, send func(fd int)) error {
	ended := make(chan struct{})
	go func() {
		if s.hang != nil {
			<-s.hang
		}
		send(int(s.file.Fd()))
		close(ended)
		t.Wake()
		if s.done != nil {
			close(s.done)
		}
	}()
	for {
		select {
		case <-ended:
			return nil
		case err := <-s.late:
			return err
		default:
			if err := t.Park(netloop.Now().Add(10 * time.Millisecond)); err != nil && err != netloop.ErrTimeout {
				return err
			}
		}
	}
}

// fileOf returns an open file.
func fileOf(t *testing.T, content string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	f, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// TestSendFile checks that a file is sent, to a peer that is slow to take it, and that
// a file which is too short is noticed. A driver that cannot send files says so before
// it has sent anything.
func TestSendFile(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		want := strings.Repeat("0123456789abcdef", muchData/16)
		from := &source{file: fileOf(t, want)}
		type outcome struct {
			sent       int64
			rerr, werr error
		}
		results := make(chan outcome, 2)
		addr, _ := serve(t, name, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			_, _ = c.Write(task, []byte("head "), nil, time.Minute)
			var o outcome
			o.sent, o.rerr, o.werr = c.SendFile(task, from, 10, muchData-10, time.Minute)
			results <- o
			o.sent, o.rerr, o.werr = c.SendFile(task, from, muchData-5, 10, time.Minute)
			results <- o
			return netloop.Verdict{Op: netloop.Linger}
		})
		c := dial(t, addr)
		_, err := c.Write([]byte("x"))
		require.NoError(t, err)
		if name == "goroutine" {
			assert.Equal(t, outcome{0, netloop.ErrNoSplice, nil}, <-results)
			return
		}
		head := make([]byte, 5+100)
		_, err = io.ReadFull(c, head) // and no more, until the buffers are full
		require.NoError(t, err)
		assert.Equal(t, "head "+want[10:110], string(head))
		rest, err := io.ReadAll(c)
		require.NoError(t, err)
		assert.True(t, want[110:]+want[muchData-5:] == string(rest), "got %d bytes", len(rest))
		assert.Equal(t, outcome{muchData - 10, nil, nil}, <-results)
		assert.Equal(t, outcome{5, io.ErrUnexpectedEOF, nil}, <-results)
	})
}

// TestSendFileGivenUp checks that a connection ends at once for its peer when a disk
// hangs, while the call still has the descriptor, and that the descriptor is not
// another connection's before the call is done.
func TestSendFileGivenUp(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		if name == "goroutine" || runtime.GOOS != "linux" {
			t.Skip("the driver sends no files")
		}
		from := &source{file: fileOf(t, strings.Repeat("x", 1000)), hang: make(chan struct{}), late: make(chan error, 1), done: make(chan struct{})}
		result := make(chan error, 1)
		addr, _ := serve(t, name, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			buf := make([]byte, 1)
			_, _ = c.Read(task, buf, time.Minute)
			if buf[0] == 'y' {
				_, _ = c.Write(task, []byte("hello"), nil, time.Minute)
				return netloop.Verdict{Op: netloop.Linger}
			}
			_, rerr, _ := c.SendFile(task, from, 0, 1000, time.Minute)
			result <- rerr
			return netloop.Verdict{Op: netloop.Reset}
		})
		c := dial(t, addr)
		_, err := c.Write([]byte("x"))
		require.NoError(t, err)
		from.late <- syscall.EIO
		assert.Equal(t, syscall.EIO, <-result)
		got, err := io.ReadAll(c)
		assert.Empty(t, got)
		if err != nil {
			assert.ErrorIs(t, err, syscall.ECONNRESET)
		}
		others := make([]net.Conn, 8)
		for i := range others {
			others[i] = dial(t, addr)
			_, err := others[i].Write([]byte("y"))
			require.NoError(t, err)
		}
		close(from.hang)
		<-from.done
		for _, other := range others {
			got, err := io.ReadAll(other)
			require.NoError(t, err)
			assert.Equal(t, "hello", string(got))
		}
	})
}
