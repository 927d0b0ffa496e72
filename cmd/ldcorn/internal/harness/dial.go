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
// whatever certificate the server has. With "https:NAME,FILE@", it shows the
// certificate in the file, which has the key, too. With "h2:" instead of "https:", it
// offers HTTP/2, too.
func Dial(ctx context.Context, addr string) (net.Conn, error) {
	if rest, protocols := cutTLS(addr); protocols != nil {
		name, to, found := strings.Cut(rest, "@")
		if !found {
			name, to = "localhost", rest
		}
		config := &tls.Config{InsecureSkipVerify: true, NextProtos: protocols}
		name, file, found := strings.Cut(name, ",")
		if config.ServerName = name; found {
			pair, err := tls.LoadX509KeyPair(file, file)
			if err != nil {
				return nil, err
			}
			config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		}
		conn, err := Dial(ctx, to)
		if err != nil {
			return nil, err
		}
		c := tls.Client(conn, config)
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

// cutTLS returns the address without what asks for TLS, and the protocols to offer;
// nil = no TLS.
func cutTLS(addr string) (rest string, protocols []string) {
	if rest, ok := strings.CutPrefix(addr, "https:"); ok {
		return rest, []string{"http/1.1"}
	}
	if rest, ok := strings.CutPrefix(addr, "h2:"); ok {
		return rest, []string{"h2", "http/1.1"}
	}
	return addr, nil
}

// OffersHTTP2 reports whether Dial offers HTTP/2 to an address.
func OffersHTTP2(addr string) bool { return strings.HasPrefix(addr, "h2:") }

// HostOf returns the Host header for an address.
func HostOf(addr string) string {
	if rest, protocols := cutTLS(addr); protocols != nil {
		if name, _, found := strings.Cut(rest, "@"); found {
			name, _, _ = strings.Cut(name, ",")
			return name
		}
		return HostOf(rest)
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
