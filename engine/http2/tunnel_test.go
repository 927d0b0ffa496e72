package http2

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// A socketTransport opens websockets by extended CONNECT, for a client that knows only
// HTTP/1.1.
type socketTransport struct{ c *rawClient }

// RoundTrip returns the stream as the body of a 101.
func (s socketTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	fields := get(":method: CONNECT", ":protocol: websocket", ":path: "+req.URL.Path, "sec-websocket-version: 13")
	if p := req.Header.Get("Sec-WebSocket-Protocol"); p != "" {
		fields = append(fields, "sec-websocket-protocol: "+p)
	}
	st := &socketStream{c: s.c, id: s.c.ask(fields, false)}
	head := s.c.read(func(f http2.Frame) bool { _, ok := f.(*http2.MetaHeadersFrame); return ok }).(*http2.MetaHeadersFrame)
	resp := &http.Response{StatusCode: 403, Header: http.Header{}, Body: st, Request: req}
	for _, f := range head.RegularFields() {
		resp.Header.Add(f.Name, f.Value)
	}
	if head.PseudoValue("status") == "200" {
		sum := sha1.Sum([]byte(req.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		resp.StatusCode = 101
		resp.Header.Set("Upgrade", "websocket")
		resp.Header.Set("Connection", "Upgrade")
		resp.Header.Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
	}
	return resp, nil
}

// A socketStream is a stream as a connection.
type socketStream struct {
	c    *rawClient
	id   uint32
	rest []byte
	end  bool
}

func (s *socketStream) Read(p []byte) (int, error) {
	for len(s.rest) == 0 && !s.end {
		f, err := s.c.frame()
		if err != nil {
			return 0, err
		}
		switch f := f.(type) {
		case *http2.DataFrame:
			s.rest, s.end = append(s.rest, f.Data()...), f.StreamEnded()
		case *http2.RSTStreamFrame:
			s.end = true
		}
	}
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *socketStream) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := min(len(rest), maxFrame)
		if err := s.c.WriteData(s.id, false, rest[:n]); err != nil {
			return 0, err
		}
		rest = rest[n:]
	}
	return len(p), nil
}

func (s *socketStream) Close() error { return s.c.WriteRSTStream(s.id, http2.ErrCodeCancel) }

// socket opens a websocket over HTTP/2.
func (r *rig) socket2(path string) (*websocket.Conn, *rawClient, error) {
	r.t.Helper()
	c := r.raw()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	r.t.Cleanup(cancel)
	ws, _, err := websocket.Dial(ctx, r.url(path), &websocket.DialOptions{HTTPClient: &http.Client{Transport: socketTransport{c}}, Subprotocols: []string{"chat"}})
	return ws, c, err
}

// echo is a worker with a websocket.
func echo(w http.ResponseWriter, req *http.Request) {
	if req.URL.Path != "/ws" {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	c, err := websocket.Accept(w, req, &websocket.AcceptOptions{Subprotocols: []string{"chat"}})
	if err != nil {
		return
	}
	defer c.CloseNow()
	for {
		kind, b, err := c.Read(req.Context())
		if err != nil {
			return
		}
		if string(b) == "close" {
			_ = c.Close(websocket.StatusServiceRestart, "bye")
			return
		}
		if c.Write(req.Context(), kind, b) != nil {
			return
		}
	}
}

// TestWebsocket checks a websocket over HTTP/2 (RFC 8441), beside a request on the same
// connection.
func TestWebsocket(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker(echo)
		ws, c, err := r.socket2("/ws")
		require.NoError(t, err)
		assert.Equal(t, "chat", ws.Subprotocol())
		ctx := context.Background()
		for _, text := range []string{"hello", strings.Repeat("0123456789", 3000)} {
			require.NoError(t, ws.Write(ctx, websocket.MessageText, []byte(text)))
			ws.SetReadLimit(1 << 20)
			_, got, err := ws.Read(ctx)
			require.NoError(t, err)
			assert.Equal(t, text, string(got))
		}
		_, tunnels := u.InFlight()
		assert.Equal(t, 1, tunnels)
		assert.Equal(t, 101, r.observed().Status)
		require.NoError(t, ws.Write(ctx, websocket.MessageText, []byte("close")))
		_, _, err = ws.Read(ctx)
		assert.Equal(t, websocket.StatusServiceRestart, websocket.CloseStatus(err))
		r.idleAgain(u)
		assert.Equal(t, "403", c.hear(c.ask(get(), true)).status)
	})
}

// TestWebsocketLeaves checks that a websocket ends with its stream.
func TestWebsocketLeaves(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker(echo)
		_, c, err := r.socket2("/ws")
		require.NoError(t, err)
		require.NoError(t, c.WriteRSTStream(1, http2.ErrCodeCancel))
		r.idleAgain(u)
		_, c, err = r.socket2("/ws")
		require.NoError(t, err)
		c.conn.Close()
		r.idleAgain(u)
	})
}

// TestWebsocketRefused checks the answer of an app that wants no websocket.
func TestWebsocketRefused(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.worker(echo)
		c := r.raw()
		got := c.hear(c.ask(get(":method: CONNECT", ":protocol: websocket", ":path: /no", "sec-websocket-version: 13"), false))
		assert.Equal(t, "403", got.status)
		assert.Equal(t, "no\n", got.body)
	})
}

// TestWebsocketAtStop checks that a websocket does not hold up the end of the requests:
// the workers, which are stopped then, close it.
func TestWebsocketAtStop(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t)
		p.ShutdownTimeout = patience
		r := newRig(t, driver, p)
		end := make(chan bool)
		r.rawWorker(func(c net.Conn, in *bufio.Reader) {
			if _, err := readHead(in); err == nil {
				_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
				<-end
			}
		})
		_, c, err := r.socket2("/ws")
		require.NoError(t, err)
		r.stop()
		select {
		case <-r.proxy.Drained():
		case <-time.After(patience / 2):
			t.Fatal("the websocket holds up the end")
		}
		select {
		case <-r.ended:
			t.Fatal("the websocket was cut")
		default:
		}
		close(end)
		got := c.hear(1)
		assert.True(t, got.ended)
		c.conn.Close()
		<-r.ended
	})
}

// TestEnvironment checks that nothing of what net/http is told stays in the environment.
func TestEnvironment(t *testing.T) {
	assert.NotContains(t, os.Getenv("GODEBUG"), "http2xconnect")
}
