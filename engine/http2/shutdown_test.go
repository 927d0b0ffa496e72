package http2

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"golang.org/x/net/http2"
)

// TestShutdownTimeoutAnswers checks what the streams get that shutdown_timeout cuts: 503
// if their answers have not begun, and otherwise a reset, so that they do not look
// complete. The client learns by GOAWAY that the connection is over.
func TestShutdownTimeoutAnswers(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t)
		p.ShutdownTimeout = 300 * time.Millisecond
		r := newRig(t, driver, p)
		arrived := make(chan bool, 3)
		r.rawWorker(func(c net.Conn, in *bufio.Reader) {
			head, err := readHead(in)
			if err != nil {
				return
			}
			if strings.Contains(head, "/begun") {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab")
			}
			arrived <- true
			_, _ = io.Copy(io.Discard, in)
		})
		c := r.raw()
		begun := c.ask(get(":path: /begun"), true)
		<-arrived
		c.read(func(f http2.Frame) bool { d, ok := f.(*http2.DataFrame); return ok && d.StreamID == begun })
		silent := c.ask(get(":path: /silent"), true)
		upload := c.ask(get(":path: /upload", ":method: POST"), false)
		<-arrived
		<-arrived
		r.stop()
		outcomes := map[uint32]*outcome{begun: {}, silent: {}, upload: {}}
		last := uint32(0)
		for {
			f, err := c.frame()
			if err != nil {
				break
			}
			if g, ok := f.(*http2.GoAwayFrame); ok {
				assert.Equal(t, http2.ErrCodeNo, g.ErrCode)
				last = g.LastStreamID
			}
			if o := outcomes[f.Header().StreamID]; o != nil {
				o.take(f)
			}
		}
		assert.Equal(t, upload, last)
		assert.Equal(t, "INTERNAL_ERROR", outcomes[begun].reset)
		assert.Equal(t, "503", outcomes[silent].status)
		assert.Contains(t, outcomes[silent].body, "the server is shutting down")
		assert.True(t, outcomes[silent].ended)
		assert.Equal(t, "503", outcomes[upload].status)
		c.conn.Close()
		<-r.ended
	})
}

// TestShutdownTimeoutDeaf checks that a client which takes nothing does not hold up the
// end of everything.
func TestShutdownTimeoutDeaf(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t)
		p.ShutdownTimeout = 300 * time.Millisecond
		r := newRig(t, driver, p)
		u := r.rawWorker(func(c net.Conn, in *bufio.Reader) {
			if _, err := readHead(in); err == nil {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
				for err == nil {
					_, err = c.Write(make([]byte, 64<<10))
				}
			}
		})
		c := r.raw(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1<<31 - 1})
		_ = c.WriteWindowUpdate(0, 1<<30)
		c.ask(get(), true)
		soon(t, func() bool { n, _ := u.InFlight(); return n == 1 }, "the worker has no request")
		r.stop()
		select {
		case <-r.ended:
		case <-time.After(patience):
			t.Fatal("the proxy does not end")
		}
	})
}
