package proxy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// The rigs of tests about bodies and answers that wait.

// takesIn returns a plan with one slot and a request_buffer, and memory for it.
func takesIn(t testing.TB, size int64) *plan.Plan {
	p := capped(t, 1)
	p.Groups[0].RequestBuffer = plan.BufferSize{Bytes: size, Set: true}
	p.BufferMemory = 16 << 20
	return p
}

// buffered returns a plan with one group, one slot per worker, and room for
// answers.
func buffered(t testing.TB, size int64) *plan.Plan {
	p := capped(t, 1)
	p.Groups[0].ResponseBuffer = plan.BufferSize{Bytes: size, Set: true}
	p.BufferMemory = 64 << 20
	return onDisk(t, p)
}

// onDisk changes a plan so that bodies can wait in files of a folder. That is not
// below the usual folder of tests, which can be in memory.
func onDisk(t testing.TB, p *plan.Plan) *plan.Plan {
	t.Helper()
	dir, err := os.MkdirTemp(buffer.DefaultDir, "ldcorn-test-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	p.BufferLimit, p.BufferDir = 1<<30, dir
	return p
}

// hasDisk waits until the buffers can use their folder.
func (r *rig) hasDisk() {
	r.t.Helper()
	if why := r.proxy.buffers.Stats().NoDisk; strings.Contains(why, "memory") {
		r.t.Skip(why)
	}
	soon(r.t, func() bool { return r.proxy.buffers.Stats().NoDisk == "" }, "no disk")
}

// kept returns how many bytes the proxy keeps.
func (r *rig) kept() int64 {
	s := r.proxy.buffers.Stats()
	return s.Memory + s.Disk
}

// emptyAgain waits until nothing is in the buffers.
func (r *rig) emptyAgain() {
	r.t.Helper()
	soon(r.t, func() bool {
		s := r.proxy.buffers.Stats()
		return s.Memory == 0 && s.Disk == 0 && s.Files == 0
	}, "something is still in the buffers")
}

// inStage waits until n requests are in a stage.
func (r *rig) inStage(n int, stage Stage) {
	r.t.Helper()
	soon(r.t, func() bool {
		all, _ := r.inHand(1000)
		return n <= len(slices.DeleteFunc(all, func(h InHand) bool { return h.Stage != stage }))
	}, "not %s", stage)
}

// narrowRig is a rig whose system takes few bytes for a client.
func narrowRig(t testing.TB, driver string, p *plan.Plan, more ...func(*Options)) *rig {
	t.Helper()
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		return errors.Join(raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, 16<<10)
		}), err)
	}}
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return newRigOn(t, driver, p, ln, more...)
}

// reader is a client whose system takes few bytes before the client reads.
func (r *rig) reader() *client {
	r.t.Helper()
	d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		return errors.Join(raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<10)
		}), err)
	}}
	c, err := d.Dial("tcp", r.addr)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { c.Close() })
	require.NoError(r.t, c.SetDeadline(time.Now().Add(patience)))
	return &client{c.(*net.TCPConn), r.t, bufio.NewReader(c)}
}

// open makes the client's system take more at once.
func (c *client) open() { _ = c.SetReadBuffer(megabyte) }

// keeping answers every request, and passes on its head and its body.
func keeping(got chan<- [2]string) manner {
	return func(c net.Conn, in *bufio.Reader) {
		for {
			head, err := readHead(in)
			if err != nil {
				return
			}
			var from io.Reader = io.LimitReader(in, int64(lengthOf(head)))
			chunked := strings.Contains(head, "\r\nTransfer-Encoding: chunked\r\n")
			if chunked {
				from = httputil.NewChunkedReader(in)
			}
			body, err := io.ReadAll(from)
			if err == nil && chunked {
				_, err = readHead(in)
			}
			if err != nil {
				return
			}
			got <- [2]string{head, string(body)}
			io.WriteString(c, hello)
		}
	}
}

// saying answers "/" with hello, and every other request with an answer after which
// it closes the connection if it ends so.
func saying(answer string) manner {
	return func(c net.Conn, in *bufio.Reader) {
		for {
			head, err := readHead(in)
			if err != nil || readBody(in, head) != nil {
				return
			}
			if strings.Contains(head, " / ") {
				io.WriteString(c, hello)
				continue
			}
			if _, err := io.WriteString(c, answer); err != nil || strings.HasPrefix(answer, endlessHead) {
				return
			}
		}
	}
}

// bodyText returns a body of n bytes in which no two places look alike.
func bodyText(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d,", i)
	}
	return b.String()[:n]
}

const megabyte = 1 << 20

// sameBody checks a long body without printing it.
func sameBody(t testing.TB, want, got string) {
	t.Helper()
	require.True(t, want == got, "got %d bytes of %d", len(got), len(want))
}
