package harness

import (
	"context"
	"net"
	"net/http"
	"strings"

	"github.com/coder/websocket"
)

// Dial connects to an address as ldcorn prints it: host:port, or unix:/path.
func Dial(ctx context.Context, addr string) (net.Conn, error) {
	network := "tcp"
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

// HostOf returns the Host header for an address.
func HostOf(addr string) string {
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
