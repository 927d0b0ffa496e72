package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// dial connects a client.
func (r *rig) dial() *net.TCPConn {
	r.t.Helper()
	c, err := net.Dial("tcp", r.addr)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { c.Close() })
	require.NoError(r.t, c.SetDeadline(time.Now().Add(patience)))
	return c.(*net.TCPConn)
}

// A client is a connection on which a test sends and receives raw bytes.
type client struct {
	*net.TCPConn
	t  testing.TB
	in *bufio.Reader
}

func (r *rig) client() *client {
	c := r.dial()
	return &client{c, r.t, bufio.NewReader(c)}
}

// say writes raw bytes.
func (c *client) say(raw string) {
	c.t.Helper()
	_, err := io.WriteString(c, raw)
	require.NoError(c.t, err)
}

// head reads the head of an answer.
func (c *client) head() string {
	c.t.Helper()
	head, err := readHead(c.in)
	require.NoError(c.t, err, "head so far: %q", head)
	return head
}

// hear reads the head of a final answer, and its body as framed by the head.
func (c *client) hear(method string) (head, body string) {
	c.t.Helper()
	head = c.head()
	var b []byte
	var err error
	switch {
	case method == "HEAD", strings.HasPrefix(head, "HTTP/1.1 204"), strings.HasPrefix(head, "HTTP/1.1 304"):
	case strings.Contains(head, "Transfer-Encoding: chunked\r\n"):
		if b, err = io.ReadAll(httputil.NewChunkedReader(c.in)); err == nil {
			_, err = readHead(c.in) // trailers
		}
	case strings.Contains(head, "Content-Length: "):
		b = make([]byte, lengthOf(head))
		_, err = io.ReadFull(c.in, b)
	default:
		b, err = io.ReadAll(c.in)
	}
	require.NoError(c.t, err, "after %q, body so far %q", head, b)
	return head, string(b)
}

// lengthOf returns the Content-Length of a head, or 0 if it has none.
func lengthOf(head string) (n int) {
	if _, after, ok := strings.Cut(strings.ToLower(head), "\r\ncontent-length: "); ok {
		fmt.Sscan(after, &n)
	}
	return n
}

// rest reads the remaining bytes. The connection must end properly.
func (c *client) rest() string {
	c.t.Helper()
	b, err := io.ReadAll(c.in)
	require.NoError(c.t, err, "after %q", b)
	return string(b)
}

// send writes raw bytes on a new connection, ends the stream and returns all
// that comes back.
func (r *rig) send(raw string) string {
	r.t.Helper()
	c := r.dial()
	_, err := io.WriteString(c, raw)
	require.NoError(r.t, err)
	require.NoError(r.t, c.CloseWrite())
	got, err := io.ReadAll(c)
	require.NoError(r.t, err)
	return string(got)
}
