package proxy

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// bounded runs a proxy with the given limits.
func bounded(t *testing.T, driver string, header int, body int64) *rig {
	p := planOf(t, map[string]string{"default": "*"})
	p.MaxHeaderSize, p.MaxBodySize = header, body
	return newRig(t, driver, p)
}

// TestHeaderSize checks that a head can have exactly max_header_size bytes,
// including its empty line.
func TestHeaderSize(t *testing.T) {
	head := func(size int) string {
		const start, end = "GET / HTTP/1.1\r\nHost: a\r\nX: ", "\r\n\r\n"
		return start + strings.Repeat("x", size-len(start)-len(end)) + end
	}
	for _, c := range []struct {
		why    string
		limit  int
		in     string
		status string
	}{
		{"the limit itself", 1 << 10, head(1 << 10), "200"},
		{"one more", 1 << 10, head(1<<10 + 1), "431"},
		{"more than a buffer", 1 << 10, head(20 << 10), "431"},
		{"beyond the default", 200 << 10, head(200 << 10), "200"},
		{"one more than that", 200 << 10, head(200<<10 + 1), "431"},
		{"the default", 0, head(plan.DefaultMaxHeaderSize), "200"},
		{"one more than the default", 0, head(plan.DefaultMaxHeaderSize + 1), "431"},
		{"not complete, and too large already", 1 << 10, head(2 << 10)[:1<<10], "431"},
	} {
		t.Run(c.why, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := bounded(t, driver, c.limit, 0)
				u := r.worker("default", serves)
				got := r.send(c.in)
				if c.status == "200" {
					assert.Contains(t, got, "HTTP/1.1 200 ")
					return
				}
				assertRefused(t, got, 431, c.why)
				assert.Empty(t, u.received(), "nothing reaches the worker")
			})
		})
	}
}

// TestBodySize checks that a body known to be too large is refused before a
// worker sees any of it, and that no such body looks complete to a worker.
func TestBodySize(t *testing.T) {
	const (
		length  = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: "
		chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	)
	for _, c := range []struct {
		why, in string
		refused bool
	}{
		{"the limit itself", length + "5\r\n\r\nabcde", false},
		{"one more", length + "6\r\n\r\nabcdef", true},
		{"without the body", length + "6\r\n\r\n", true},
		{"RFC 9110 section 10.1.1: no 100 for a body that is not wanted", length + "6\r\nExpect: 100-continue\r\n\r\n", true},
		{"chunked, the limit itself", chunked + "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", false},
		{"chunked, one more", chunked + "2\r\nab\r\n4\r\ncdef\r\n0\r\n\r\n", true},
		{"chunked, framing does not count", chunked + "0000000005;name=\"value\"\r\nabcde\r\n0\r\n\r\n", false},
	} {
		t.Run(c.why, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := bounded(t, driver, 0, 5)
				u := r.worker("default", serves)
				got := r.send(c.in)
				if !c.refused {
					assert.Contains(t, got, "HTTP/1.1 200 ")
					return
				}
				assertRefused(t, got, 413, c.why)
				assert.Empty(t, u.received(), "nothing reaches the worker")
				r.idleAgain(u)
			})
		})
	}
}

// TestBodyGrowsTooLarge checks that a chunked body that becomes too large on
// its way breaks the worker's connection in the middle of the body.
func TestBodyGrowsTooLarge(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := bounded(t, driver, 0, 5)
		ended := make(chan error, 1)
		u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
			head, _ := readHead(in)
			_, err := countBody(in, head)
			ended <- err
		})
		c := r.client()
		c.say("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
		soon(t, func() bool { return strings.Contains(strings.Join(u.received(), ""), "abc") }, "the start of the body arrives")
		c.say("3\r\ndef\r\n0\r\n\r\n")
		assertRefused(t, c.rest(), 413, "too large on its way")
		assert.ErrorIs(t, <-ended, io.ErrUnexpectedEOF, "the app must see that the body is incomplete")
		assert.NotContains(t, u.received()[0], "def")
		r.idleAgain(u)
	})
}
