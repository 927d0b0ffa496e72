package http2

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// TestFloods checks that a client which only makes work loses its connection.
func TestFloods(t *testing.T) {
	tests := map[string]struct {
		send func(c *rawClient, id uint32, i int) error // the i-th frame; id is a stream that is open
		code string
	}{
		"ping (CVE-2019-9512)": {func(c *rawClient, _ uint32, _ int) error { return c.WritePing(false, [8]byte{1}) }, "ENHANCE_YOUR_CALM"},
		"settings (CVE-2019-9515)": {func(c *rawClient, _ uint32, _ int) error {
			return c.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1000})
		}, "ENHANCE_YOUR_CALM"},
		"empty data (CVE-2019-9518)": {func(c *rawClient, id uint32, _ int) error { return c.WriteData(id, false, nil) }, "ENHANCE_YOUR_CALM"},
		"padding": {func(c *rawClient, id uint32, _ int) error {
			return c.WriteDataPadded(id, false, nil, make([]byte, 255))
		}, "ENHANCE_YOUR_CALM"},
		"window updates": {func(c *rawClient, id uint32, _ int) error { return c.WriteWindowUpdate(id, 1) }, "ENHANCE_YOUR_CALM"},
		"priorities (CVE-2019-9513)": {func(c *rawClient, id uint32, _ int) error {
			return c.WritePriority(id+2, http2.PriorityParam{StreamDep: id, Weight: 1})
		}, "ENHANCE_YOUR_CALM"},
		"rapid reset (CVE-2023-44487)": {func(c *rawClient, _ uint32, _ int) error {
			id := c.next
			c.next += 2
			err := c.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: c.block(get()), EndHeaders: true, EndStream: true})
			if err == nil {
				err = c.WriteRSTStream(id, http2.ErrCodeCancel)
			}
			return err
		}, "ENHANCE_YOUR_CALM"},
		"window of nothing (CVE-2025-8671)": {func(c *rawClient, _ uint32, _ int) error {
			return c.provoke(get(), true, func(id uint32) error { return c.WriteWindowUpdate(id, 0) })
		}, "ENHANCE_YOUR_CALM"},
		"window that overflows (CVE-2025-8671)": {func(c *rawClient, _ uint32, _ int) error {
			return c.provoke(get(), true, func(id uint32) error { return c.WriteWindowUpdate(id, 1<<31-1) })
		}, "ENHANCE_YOUR_CALM"},
		"data behind the end (CVE-2025-8671)": {func(c *rawClient, _ uint32, _ int) error {
			return c.provoke(get(), true, func(id uint32) error { return c.WriteData(id, false, []byte("x")) })
		}, "ENHANCE_YOUR_CALM"},
		"priority on itself (CVE-2025-8671)": {func(c *rawClient, _ uint32, _ int) error {
			return c.provoke(get(), true, func(id uint32) error { return c.WritePriority(id, http2.PriorityParam{StreamDep: id}) })
		}, "ENHANCE_YOUR_CALM"},
		"longer than said (CVE-2025-8671)": {func(c *rawClient, _ uint32, _ int) error {
			return c.provoke(get(":method: POST", "content-length: 1"), false, func(id uint32) error { return c.WriteData(id, false, []byte("xyz")) })
		}, "ENHANCE_YOUR_CALM"},
		"malformed head (CVE-2025-8671)": {func(c *rawClient, _ uint32, _ int) error {
			return c.provoke(get("X-Upper: a"), true, func(uint32) error { return nil })
		}, "ENHANCE_YOUR_CALM"},
		"continuation (CVE-2023-45288)": {func(c *rawClient, id uint32, i int) error {
			if i == 0 {
				return c.WriteHeaders(http2.HeadersFrameParam{StreamID: id + 2, BlockFragment: c.block(get()), EndStream: true})
			}
			return c.WriteContinuation(id+2, false, c.block([]string{"x-a: b"}))
		}, "PROTOCOL_ERROR"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, capped(t, 1))
				goOn := make(chan bool)
				u := r.worker(func(w http.ResponseWriter, req *http.Request) {
					<-goOn
					hello(w, req)
				})
				c := r.raw()
				id := c.ask(get(":method: POST"), false)
				sent := make(chan int, 1)
				go func() {
					for i := 0; ; i++ {
						if test.send(c, id, i) != nil {
							sent <- i
							return
						}
					}
				}()
				assert.Equal(t, test.code, c.untilEnd())
				c.conn.Close()
				assert.Less(t, <-sent, 1_000_000)
				close(goOn)
				r.idleAgain(u)
			})
		})
	}
}

// provoke begins a stream, and then makes an error in it.
func (c *rawClient) provoke(fields []string, end bool, fault func(id uint32) error) error {
	id := c.next
	c.next += 2
	err := c.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: c.block(fields), EndHeaders: true, EndStream: end})
	if err != nil {
		return err
	}
	return fault(id)
}

// TestOwnResets checks that the resets which ldcorn sends for its own reasons do not
// count against the client.
func TestOwnResets(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.rawWorker(func(c net.Conn, in *bufio.Reader) {
			if _, err := http.ReadRequest(in); err == nil {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab")
			}
		})
		c := r.raw()
		for range 1_100 { // with the cost of a reset, these are more than calmMax
			got := c.hear(c.ask(get(), true))
			require.Equal(t, "INTERNAL_ERROR", got.reset)
			require.Empty(t, got.goAway)
		}
	})
}

// TestHalfHead checks that a head must be complete within header_timeout, and that
// the preface must.
func TestHalfHead(t *testing.T) {
	for name, begin := range map[string]func(*rawClient){
		"preface": func(c *rawClient) { _, _ = io.WriteString(c.conn, http2.ClientPreface[:5]) },
		"frame": func(c *rawClient) {
			_, _ = io.WriteString(c.conn, http2.ClientPreface)
			_ = c.WriteSettings()
			_, _ = c.conn.Write([]byte{0, 0, 100, 1, 5})
		},
		"block": func(c *rawClient) {
			_, _ = io.WriteString(c.conn, http2.ClientPreface)
			_ = c.WriteSettings()
			_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.block(get()), EndStream: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				p := planOf(t)
				p.HeaderTimeout = 200 * time.Millisecond
				r := newRig(t, driver, p)
				c := r.connect()
				begin(c)
				c.untilEnd()
			})
		})
	}
}

// TestTooManyStreams checks that a client gets no more streams at once than it is
// told, and keeps those that it has.
func TestTooManyStreams(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		goOn := make(chan bool)
		r.worker(func(w http.ResponseWriter, req *http.Request) {
			<-goOn
			hello(w, req)
		})
		c := r.raw()
		for range maxStreams {
			c.ask(get(), true)
		}
		got := c.hear(c.ask(get(), true))
		assert.Contains(t, []string{"REFUSED_STREAM", "PROTOCOL_ERROR"}, got.reset)
		close(goOn)
		assert.Equal(t, "200", c.hear(1).status)
	})
}

// TestNothingStays checks that connections leave no goroutine behind, however they
// end.
func TestNothingStays(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker(func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Path == "/wait" {
				<-req.Context().Done()
				return
			}
			hello(w, req)
		})
		c := r.raw()
		assert.Equal(t, "200", c.hear(c.ask(get(), true)).status)
		before := served()
		for i := range 8 {
			c := r.raw()
			switch i % 4 {
			case 0:
				assert.Equal(t, "200", c.hear(c.ask(get(), true)).status)
			case 1:
				c.ask(get(":path: /wait"), true)
			case 2:
				id := c.ask(get(":method: POST", ":path: /wait"), false)
				require.NoError(t, c.WriteData(id, false, []byte("some")))
			case 3:
				_ = c.WriteContinuation(1, false, nil) // a fault
				c.untilEnd()
			}
			c.conn.Close()
		}
		soon(t, func() bool { return r.server.count() == 1 }, "a connection is still there")
		r.idleAgain(u)
		// The handler of the first request may have been there still when we counted.
		soon(t, func() bool { return served() <= before }, "a goroutine stays")
	})
}

// served counts the goroutines that serve HTTP/2.
func served() (n int) {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, s := range strings.Split(string(stacks), "\n\n") {
		for _, of := range []string{"(*conn)", "(*reader)", "(*stream)"} {
			if strings.Contains(s, "engine/http2."+of) {
				n++
				break
			}
		}
	}
	return n
}
