package proxy

import (
	"bufio"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/result"
)

// TestPace checks that a client is judged by what it sends, but only while the
// proxy waits for nothing else.
func TestPace(t *testing.T) {
	const window = 60 * time.Second
	enough := netloop.MinBytes(window)
	type part struct {
		waited time.Duration
		got    int64
		err    error
	}
	for _, c := range []struct {
		why   string
		parts []part
		want  error
	}{
		{"silent", []part{{window, 0, netloop.ErrTimeout}}, errSlowBody},
		{"trickles", []part{{20 * time.Second, 1, nil}, {20 * time.Second, 1, nil}, {20 * time.Second, 1, netloop.ErrTimeout}}, errSlowBody},
		{"trickles, and the last part comes in time", []part{{59 * time.Second, 1, nil}, {time.Second, 1, nil}}, errSlowBody},
		{"a pause", []part{{0, enough, nil}, {window, 0, netloop.ErrTimeout}}, nil},
		{"two pauses", []part{{0, enough, nil}, {window, 0, netloop.ErrTimeout}, {window, 0, netloop.ErrTimeout}}, errSlowBody},
		{"at the rate", []part{{window, enough, nil}, {window, enough, nil}}, nil},
		{"just below", []part{{window, enough - 1, nil}}, errSlowBody},
		{"fast", []part{{0, 1 << 30, nil}, {time.Millisecond, 1 << 30, nil}}, nil},
		{"ends", []part{{time.Second, 0, io.EOF}}, io.EOF},
		{"ends late", []part{{window, 0, io.EOF}}, io.EOF},
	} {
		t.Run(c.why, func(t *testing.T) {
			var p pace
			p.begin(window)
			var err error
			for _, part := range c.parts {
				require.NoError(t, err)
				require.LessOrEqual(t, part.waited, p.left())
				require.Positive(t, p.left())
				p.got += part.got
				err = p.judge(part.waited, part.err)
			}
			assert.Equal(t, c.want, err)
		})
	}
}

const shortStall = 100 * time.Millisecond

func stallsSoon(o *Options) { o.Stall = shortStall }

// TestStalledUpload checks that a client that stops sending, or only trickles,
// gets a 408, and that the app sees a disconnect.
func TestStalledUpload(t *testing.T) {
	for why, in := range map[string]string{
		"length":            http1test.Post("Content-Length: 60000\r\n"),
		"length, large":     http1test.Post("Content-Length: 100000000\r\n"),
		"chunked":           http1test.Post("Transfer-Encoding: chunked\r\n") + "ffffff\r\n",
		"length, begun":     http1test.Post("Content-Length: 60000\r\n") + "abc",
		"after 1 MiB of it": http1test.Post("Content-Length: 100000000\r\n") + strings.Repeat("a", 1<<20),
	} {
		for _, trickles := range []bool{false, true} {
			name := why + ", silent"
			if trickles {
				name = why + ", trickles"
			}
			t.Run(name, func(t *testing.T) {
				eachDriver(t, func(t *testing.T, driver string) {
					r := newRig(t, driver, nil, stallsSoon)
					ended := make(chan error, 1)
					u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
						head, err := readHead(in)
						if err == nil {
							err = readBody(in, head)
						}
						ended <- err
					})
					c := r.client()
					c.say(in)
					if trickles {
						stop := c.trickle("0")
						defer stop()
					}
					assertRefused(t, c.rest(), 408, name)
					assert.Error(t, <-ended, "the app must see that the body is incomplete")
					r.idleAgain(u)
				})
			})
		}
	}
}

// trickle sends s repeatedly until it is stopped or the connection ends.
func (c *client) trickle(s string) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(shortStall / 5)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			if _, err := io.WriteString(c, s); err != nil {
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// TestStalledDownload checks that a client that does not read its answer is
// cut, however the answer is framed, and that the app sees a disconnect. The
// connection is reset, because after a plain close the system would keep the
// unread bytes.
func TestStalledDownload(t *testing.T) {
	for why, head := range map[string]string{
		"length":      "HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n",
		"chunked":     "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3b9aca00\r\n",
		"until close": "HTTP/1.1 200 OK\r\n\r\n",
	} {
		t.Run(why, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				told := make(chan string, 1)
				r := newRig(t, driver, nil, stallsSoon, func(o *Options) {
					o.Observer = observerFunc(func(rec *result.Result) { told <- rec.Reason })
				})
				ended := make(chan error, 1)
				u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
					if _, err := readHead(in); err != nil {
						return
					}
					_, err := io.WriteString(c, head)
					for part := strings.Repeat("a", 64<<10); err == nil; {
						_, err = io.WriteString(c, part)
					}
					ended <- err
				})
				c := r.client()
				c.say(http1test.Get("/"))
				assert.Error(t, <-ended)
				r.idleAgain(u)
				assert.Equal(t, "the client took too little of the answer for too long", <-told)
				n, err := io.Copy(io.Discard, c.in)
				assert.Less(t, n, int64(1e9), "the client must see that the answer is incomplete")
				assert.ErrorIs(t, err, syscall.ECONNRESET)
			})
		})
	}
}

// TestTunnelMayBeSilent checks that a websocket needs no minimum rate.
func TestTunnelMayBeSilent(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil, func(o *Options) { o.Stall = time.Millisecond })
		r.worker("default", func(c net.Conn, in *bufio.Reader) {
			head, err := readHead(in)
			if err != nil || strings.HasPrefix(head, "POST") {
				untilGone(in)
				return
			}
			io.WriteString(c, accepted)
			io.Copy(c, in)
		})
		c := r.client()
		c.say(handshake)
		c.head()
		quiet := r.client() // something to wait for that takes longer than Stall
		quiet.say(http1test.Post("Content-Length: 9\r\n"))
		assertRefused(t, quiet.rest(), 408, "stalled")
		c.say("still here")
		assert.Equal(t, "still here", c.read(len("still here")))
	})
}
