package proxy

import (
	"bufio"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/pool"
)

const (
	handshake = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
	accepted = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n" +
		"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
	acceptedHead = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

// echoing accepts a handshake and echoes all that follows, until its end.
func echoing(c net.Conn, in *bufio.Reader) {
	if _, err := readHead(in); err != nil {
		return
	}
	io.WriteString(c, accepted)
	io.Copy(c, in)
	c.(*net.UnixConn).CloseWrite()
}

// read reads n bytes.
func (c *client) read(n int) string {
	c.t.Helper()
	b := make([]byte, n)
	_, err := io.ReadFull(c.in, b)
	require.NoError(c.t, err, "got %q", b)
	return string(b)
}

func TestTunnel(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", echoing)
		c := r.client()
		c.say(handshake)
		require.Equal(t, acceptedHead, c.head())
		assert.Contains(t, u.received()[0], "\r\nSec-WebSocket-Protocol: chat\r\n")
		assert.Contains(t, u.received()[0], "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		for _, frame := range []string{"\x81\x05hello", "\x00", strings.Repeat("x", 300<<10)} {
			go io.WriteString(c, frame)
			require.Equal(t, frame, c.read(len(frame)))
		}
		requests, tunnels := u.worker.InFlight()
		assert.Equal(t, []int{0, 1}, []int{requests, tunnels}, "counted as a tunnel while it lasts")
		require.NoError(t, c.CloseWrite())
		assert.Empty(t, c.rest(), "the worker ends it too")
		r.idleAgain(u)
	})
}

// TestTunnelEarlyBytes checks that bytes sent together with the handshake, by
// either side, arrive.
func TestTunnelEarlyBytes(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
			if _, err := readHead(in); err != nil {
				return
			}
			io.WriteString(c, accepted+"first from the worker")
			got := make([]byte, len("first from the client"))
			io.ReadFull(in, got)
			io.WriteString(c, strings.ToUpper(string(got)))
		})
		c := r.client()
		c.say(handshake + "first from the client")
		require.Equal(t, acceptedHead, c.head())
		assert.Equal(t, "first from the workerFIRST FROM THE CLIENT", c.rest())
		r.idleAgain(u)
	})
}

// TestTunnelEnds checks that both connections end and the slot becomes free,
// whichever side ends the tunnel, and however it does.
func TestTunnelEnds(t *testing.T) {
	for name, end := range map[string]func(c *client, worker net.Conn){
		"client closes":   func(c *client, _ net.Conn) { c.Close() },
		"client resets":   func(c *client, _ net.Conn) { c.SetLinger(0); c.Close() },
		"worker closes":   func(_ *client, w net.Conn) { w.Close() },
		"both half-close": func(c *client, w net.Conn) { c.CloseWrite(); w.(*net.UnixConn).CloseWrite() },
	} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, nil)
				conns, gone := make(chan net.Conn, 1), make(chan bool)
				u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
					readHead(in)
					io.WriteString(c, accepted)
					conns <- c
					untilGone(in)
					gone <- true
				})
				c := r.client()
				c.say(handshake)
				c.head()
				end(c, <-conns)
				if name == "worker closes" {
					assert.Empty(t, c.rest())
				}
				<-gone
				r.idleAgain(u)
			})
		})
	}
}

// TestTunnelHoldsSlot checks that a websocket counts against the cap until it
// ends.
func TestTunnelHoldsSlot(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t, map[string]string{"default": "*"})
		p.Groups[0].MaxReqPerWorker = 1
		r := newRig(t, driver, p)
		u := r.worker("default", echoing)
		first, second := r.client(), r.client()
		first.say(handshake)
		require.Equal(t, acceptedHead, first.head())
		second.say(handshake)
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued behind the tunnel")
		assert.Equal(t, 1, u.heads())
		require.NoError(t, first.Close())
		require.Equal(t, acceptedHead, second.head())
	})
}

// TestSchemeOfHandshake checks that the worker gets the scheme in the form from
// which its Uvicorn derives ws or wss.
func TestSchemeOfHandshake(t *testing.T) {
	for _, c := range []struct {
		socket    bool // a Uvicorn that wants the scheme of the websocket
		told, get string
		handshake string
	}{
		{false, "", "http", "http"},
		{false, "https", "https", "https"},
		{false, "wss", "https", "https"},
		{true, "", "http", "ws"},
		{true, "https", "https", "wss"},
		{true, "wss", "https", "wss"},
		{true, "javascript", "http", "ws"},
	} {
		p := planOf(t, map[string]string{"default": "*"})
		p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		r := newRig(t, "goroutine", p)
		u := r.worker("default", answering("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno"),
			func(w *pool.Worker) { w.SocketScheme = c.socket })
		told := ""
		if c.told != "" {
			told = "X-Forwarded-Proto: " + c.told + "\r\n"
		}
		r.send(strings.Replace(handshake, "\r\n", "\r\n"+told, 1))
		r.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + told + "\r\n")
		got := strings.Join(u.received(), "")
		assert.Contains(t, got, "X-Forwarded-Proto: "+c.handshake+"\r\n")
		assert.Contains(t, got, "X-Forwarded-Proto: "+c.get+"\r\n")
	}
}

// TestWrongHandshakes checks that the answers help the person who reads them.
func TestWrongHandshakes(t *testing.T) {
	r := newRig(t, "goroutine", nil)
	r.worker("default", answering(hello))
	got := r.send(http1test.Handshake("13", "8"))
	assert.Contains(t, got, "HTTP/1.1 426 Upgrade Required\r\n")
	assert.Contains(t, got, "\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
	assert.Contains(t, r.send(http1test.Handshake("1.1", "1.0")), "nginx needs proxy_http_version 1.1\n")
}

// TestTunnelRefused checks that a handshake that the app refuses gets a plain
// answer, and that bytes sent after it are not taken as a request.
func TestTunnelRefused(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", answering("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno"))
		for i, behind := range []string{"", "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"} {
			assert.Equal(t, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno", r.send(handshake+behind))
			assert.Equal(t, i+1, u.heads())
		}
		r.idleAgain(u)
	})
}

// TestTunnelBesideRequests checks that other requests are served beside a
// tunnel.
func TestTunnelBesideRequests(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.worker("default", func(c net.Conn, in *bufio.Reader) {
			if b, err := in.Peek(7); err == nil && string(b) == "GET /ws" {
				echoing(c, in)
			} else {
				serves(c, in)
			}
		})
		c := r.client()
		c.say(handshake)
		c.head()
		for range 10 {
			assert.Contains(t, r.send(http1test.Get("/")), "200 OK")
			c.say("ping")
			assert.Equal(t, "ping", c.read(4))
		}
	})
}
