//go:build linux

package script

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// requester is one client of a load. It is not safe for concurrent use.
type requester interface {
	// request makes one request, or holds one short conversation.
	request(ctx context.Context) error
	close()
}

// errRefused marks a request that the server never began to answer.
var errRefused = errors.New("refused")

// newRequester returns a function that makes clients of the kind, or nil if the
// kind is unknown.
func newRequester(k *kind, addr string) func() requester {
	switch k.method {
	case "GET", "NEW":
		return func() requester {
			return &httpClient{addr: addr, method: "GET", path: k.path, fresh: k.method == "NEW"}
		}
	case "POST":
		body := digits(cmp.Or(k.size, 1000))
		return func() requester { return &httpClient{addr: addr, method: "POST", path: k.path, body: body} }
	case "WS":
		return func() requester { return wsClient{addr: addr, path: k.path} }
	case "H2":
		pool, body := newH2Pool(addr), digits(k.size)
		return func() requester { return pool.client(k.path, body) }
	}
	return nil
}

// digits returns n bytes of text.
func digits(n int) []byte { return bytes.Repeat([]byte("0123456789"), n/10+1)[:n] }

// httpClient is an HTTP client that, unlike the standard one, never silently
// repeats a request.
type httpClient struct {
	addr, method, path string
	body               []byte
	fresh              bool // a new connection for each request
	chunked            bool // send the body chunked

	conn net.Conn
	in   *bufio.Reader
}

func (c *httpClient) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

func (c *httpClient) request(ctx context.Context) error {
	if c.conn == nil {
		conn, err := harness.Dial(ctx, c.addr)
		if err != nil {
			return fmt.Errorf("%w: %w", errRefused, err)
		}
		c.conn, c.in = conn, bufio.NewReader(conn)
	}
	conn := c.conn
	release := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer release()
	if err := conn.SetDeadline(time.Now().Add(harness.Patience)); err != nil {
		return err
	}
	keep, err := c.exchange()
	if err != nil || !keep {
		c.close()
	}
	return err
}

// exchange sends the request and reads the answer. keep reports whether the
// connection can be reused.
func (c *httpClient) exchange() (keep bool, err error) {
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\n", c.method, c.path, harness.HostOf(c.addr))
	if c.fresh {
		head += "Connection: close\r\n"
	}
	body := c.body
	switch {
	case c.chunked:
		head += "Transfer-Encoding: chunked\r\n"
		body = inChunks(body)
	case c.method == "POST":
		head += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	// It does not matter whether the write succeeded: an answer that came before
	// a close counts, and the code below detects a missing answer.
	_, _ = c.conn.Write(append([]byte(head+"\r\n"), body...))
	if _, err := c.in.Peek(1); errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		return false, fmt.Errorf("%w: %w before the first byte of an answer", errRefused, err)
	} else if err != nil {
		return false, err
	}
	resp, err := http.ReadResponse(c.in, &http.Request{Method: c.method})
	if err != nil {
		return false, err
	}
	var got bytes.Buffer
	got.Grow(int(max(resp.ContentLength, 0)) + bytes.MinRead)
	_, err = got.ReadFrom(resp.Body)
	body = got.Bytes()
	switch {
	case err != nil:
		return false, fmt.Errorf("status %d, then %w after %d bytes of body", resp.StatusCode, err, len(body))
	case resp.StatusCode != http.StatusOK:
		return false, fmt.Errorf("status %d: %s", resp.StatusCode, strings.TrimSpace(string(body)))
	case c.method == "POST" && !bytes.Equal(body, c.body):
		return false, fmt.Errorf("%d bytes came back of the %d sent", len(body), len(c.body))
	}
	return !c.fresh && !resp.Close, nil
}

// inChunks writes a body in the chunked coding.
func inChunks(body []byte) []byte {
	var out bytes.Buffer
	w := httputil.NewChunkedWriter(&out)
	for part := range slices.Chunk(body, 7000) {
		_, _ = w.Write(part) // cannot fail: it writes to memory
	}
	_ = w.Close()
	out.WriteString("\r\n")
	return out.Bytes()
}

// wsClient holds short conversations over websockets.
type wsClient struct{ addr, path string }

func (c wsClient) close() {}

func (c wsClient) request(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, harness.Patience)
	defer cancel()
	conn, resp, err := harness.DialWebSocket(ctx, c.addr, c.path, nil)
	if err != nil {
		if resp == nil {
			return fmt.Errorf("%w: %w", errRefused, err)
		}
		return err
	}
	defer conn.CloseNow()
	for i := range 10 {
		want := fmt.Sprintf("message %d", i)
		if err := conn.Write(ctx, websocket.MessageText, []byte(want)); err != nil {
			return err
		}
		_, got, err := conn.Read(ctx)
		if err != nil {
			return fmt.Errorf("waiting for echo %d: %w", i, err)
		}
		if string(got) != want {
			return fmt.Errorf("got %q for %q", got, want)
		}
	}
	return conn.Close(websocket.StatusNormalClosure, "")
}
