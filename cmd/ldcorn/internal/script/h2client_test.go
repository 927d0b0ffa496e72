//go:build linux

package script

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// An h2Pool is the connection of the clients of one kind. Their requests are
// streams of it.
type h2Pool struct {
	tr *http.Transport

	mu    sync.Mutex // guards conn and users
	conn  *http.ClientConn
	users int // clients that are not closed
}

// newH2Pool returns a pool for a server with TLS.
func newH2Pool(addr string) *h2Pool {
	if to, ok := strings.CutPrefix(addr, "https:"); ok {
		addr = "h2:" + to
	}
	tr := &http.Transport{Protocols: new(http.Protocols)}
	tr.Protocols.SetHTTP2(true)
	tr.DialTLSContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return harness.Dial(ctx, addr) }
	return &h2Pool{tr: tr}
}

// get returns the connection, a new one if it takes no more requests. It has room for
// one, which the caller must make.
func (p *h2Pool) get(ctx context.Context) (*http.ClientConn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn != nil && p.conn.Reserve() == nil {
		return p.conn, nil
	}
	conn, err := p.tr.NewClientConn(ctx, "https", "localhost:443")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRefused, err)
	}
	p.conn = conn // the one before ends with its last stream
	return conn, conn.Reserve()
}

// client returns one more client.
func (p *h2Pool) client(path string, body []byte) requester {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.users++
	return &h2Client{pool: p, path: path, body: body}
}

// An h2Client makes requests over HTTP/2. Like httpClient, it repeats none, with the
// exception of those that the server has said not to have seen: a GOAWAY has named an
// earlier stream as the last one (RFC 9113, section 8.7), or has come before the
// request had a stream.
type h2Client struct {
	pool *h2Pool
	path string
	body []byte // empty = GET
}

func (c *h2Client) close() {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	if c.pool.users--; c.pool.users == 0 && c.pool.conn != nil {
		_ = c.pool.conn.Close()
	}
}

// The errors of requests that the server has not seen, which net/http does not export.
const (
	errAfterGoAway  = "http2: Transport received Server's graceful shutdown GOAWAY"
	errBeforeStream = "http2: client conn not usable"
)

func (c *h2Client) request(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, harness.Patience)
	defer cancel()
	for {
		conn, err := c.pool.get(ctx)
		if err != nil {
			return err
		}
		err = c.exchange(ctx, conn)
		if err == nil || err.Error() != errAfterGoAway && err.Error() != errBeforeStream {
			return err
		}
	}
}

// exchange makes the request on a connection.
func (c *h2Client) exchange(ctx context.Context, conn *http.ClientConn) error {
	method := http.MethodGet
	if len(c.body) > 0 {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, "https://localhost"+c.path, bytes.NewReader(c.body))
	if err != nil {
		return err
	}
	resp, err := conn.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch body, err := io.ReadAll(resp.Body); {
	case err != nil:
		return fmt.Errorf("status %d, then %w after %d bytes of body", resp.StatusCode, err, len(body))
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("status %d: %s", resp.StatusCode, bytes.TrimSpace(body))
	case len(c.body) > 0 && !bytes.Equal(body, c.body):
		return fmt.Errorf("%d bytes came back of the %d sent", len(body), len(c.body))
	}
	return nil
}
