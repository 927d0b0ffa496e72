package harness

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"

	"github.com/coder/websocket"
)

// Dial connects to an address as ldcorn prints it: host:port, or unix:/path. With
// "https:" or "https:NAME@" before it, Dial does a TLS handshake, for NAME, with
// whatever certificate the server has.
func Dial(ctx context.Context, addr string) (net.Conn, error) {
	if rest, ok := strings.CutPrefix(addr, "https:"); ok {
		name, to, found := strings.Cut(rest, "@")
		if !found {
			name, to = "localhost", rest
		}
		conn, err := Dial(ctx, to)
		if err != nil {
			return nil, err
		}
		c := tls.Client(conn, &tls.Config{ServerName: name, InsecureSkipVerify: true})
		if err := c.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		return c, nil
	}
	network := "tcp"
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

// HostOf returns the Host header for an address.
func HostOf(addr string) string {
	if rest, ok := strings.CutPrefix(addr, "https:"); ok {
		if name, _, found := strings.Cut(rest, "@"); found {
			return name
		}
		return rest
	}
	if strings.HasPrefix(addr, "unix:") {
		return "localhost"
	}
	return addr
}

// DialWebSocket opens a websocket on a new connection.
func DialWebSocket(ctx context.Context, addr, path string, header http.Header) (*websocket.Conn, *http.Response, error) {
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return Dial(ctx, addr) }}
	return websocket.Dial(ctx, "ws://"+HostOf(addr)+path, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: tr},
		HTTPHeader: header,
	})
}
