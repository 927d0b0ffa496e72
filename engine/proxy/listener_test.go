package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// TestLeave checks that, once a listener is left, each of its connections gets
// the answer to the request that it has sent or sends next, and that the answer
// announces the end of the connection. No client finds its connection closed,
// and no other listener is affected.
func TestLeave(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		s := newSlow()
		r.worker("default", s.serve)
		other := listenTo(t, r)
		answer := func() {
			<-s.began
			s.say <- hello
		}
		stays := r.client()
		first := r.addr
		r.addr = other.Name()
		resting, busy, begun := r.client(), r.client(), r.client()
		for _, c := range []*client{stays, resting} {
			c.say(http1test.Get("/"))
			answer()
			head, _ := c.hear("GET")
			assert.NotContains(t, head, "Connection: close")
		}
		busy.say(http1test.Get("/"))
		<-s.began
		begun.say("GET /")

		r.proxy.Leave(other)
		<-other.Closed()
		_, err := net.Dial("tcp", other.Name())
		require.Error(t, err)
		const last = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
		s.say <- hello
		assert.Equal(t, last, busy.rest(), "busy")
		resting.say(http1test.Get("/"))
		answer()
		assert.Equal(t, last, resting.rest(), "resting")
		begun.say(http1test.Get("/")[len("GET /"):])
		answer()
		assert.Equal(t, last, begun.rest(), "begun")

		r.addr = first
		for _, c := range []*client{stays, r.client()} {
			c.say(http1test.Get("/"))
			answer()
			head, _ := c.hear("GET")
			assert.NotContains(t, head, "Connection: close")
		}
	})
}

// TestLeaveUnderLoad checks that clients that send one request after another
// lose none when they are moved to another listener: each one learns that its
// connection ends, and connects to the new listener.
func TestLeaveUnderLoad(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.worker("default", answering(hello))
		var mu sync.RWMutex // guards now; to leave a listener, hold the write lock
		now := listenTo(t, r)
		var over atomic.Bool
		var clients sync.WaitGroup
		for range 4 {
			clients.Go(func() {
				for !over.Load() {
					mu.RLock() // connect and say so before the listener is left
					c, err := net.Dial("tcp", now.Name())
					if err == nil {
						_, err = io.WriteString(c, http1test.Get("/"))
					}
					mu.RUnlock()
					if !assert.NoError(t, err) || !assert.NoError(t, untilToldToEnd(c, &over)) {
						return
					}
				}
			})
		}
		for range 2 {
			before, next := now, listenTo(t, r)
			mu.Lock()
			now = next
			r.proxy.Leave(before)
			mu.Unlock()
			<-before.Closed()
		}
		over.Store(true)
		clients.Wait()
	})
}

func listenTo(t *testing.T, r *rig) *netloop.Listener {
	out := newListenerOf(t)
	require.NoError(t, r.proxy.Listen(out, nil))
	return out
}

func newListenerOf(t *testing.T) *netloop.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return netloop.NewListener(ln)
}

// untilToldToEnd reads the answer to a request that was sent, and sends more
// requests until an answer announces the end of the connection.
func untilToldToEnd(c net.Conn, over *atomic.Bool) error {
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	in := bufio.NewReader(c)
	for {
		head, err := readHead(in)
		if err != nil {
			return fmt.Errorf("after %q: %w", head, err)
		}
		if _, err := in.Discard(len("hello")); err != nil {
			return err
		}
		if over.Load() || strings.Contains(head, "Connection: close") {
			return nil
		}
		if _, err := io.WriteString(c, http1test.Get("/")); err != nil {
			return err
		}
	}
}

// TestLeaveSilentClient: a client that has connected to a listener, and has sent
// nothing yet when the proxy leaves it, is served.
func TestLeaveSilentClient(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		r := newRig(t, driver, nil)
		r.worker("default", serves)
		other := netloop.NewListener(ln)
		require.NoError(t, r.proxy.Listen(other, nil))
		conn, err := net.Dial("tcp", ln.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close() })
		r.proxy.Leave(other)
		<-other.Closed()
		c := &client{conn.(*net.TCPConn), t, bufio.NewReader(conn)}
		c.say(http1test.Get("/"))
		head, body := c.hear("GET")
		assert.Contains(t, head, "Connection: close\r\n")
		assert.Equal(t, "hello", body)
	})
}
