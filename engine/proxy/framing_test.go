package proxy

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A framing is a way to frame an answer.
type framing struct {
	name  string
	frame func(body string) string
}

var framings = []framing{
	{"length", func(body string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s", len(body), body)
	}},
	{"chunked", func(body string) string { return chunkedHead + chunksOf(body) }},
	{"until close", func(body string) string { return endlessHead + body }},
}

// eachFraming runs the test with each framing and driver.
func eachFraming(t *testing.T, test func(t *testing.T, driver string, f framing)) {
	for _, f := range framings {
		t.Run(f.name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) { test(t, driver, f) })
		})
	}
}

// chunksOf returns body in chunks, with the last one.
func chunksOf(body string) string {
	const size = 1000
	var b strings.Builder
	for ; len(body) > size; body = body[size:] {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", size, body[:size])
	}
	fmt.Fprintf(&b, "%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	return b.String()
}

// data reads n bytes of data from a chunked body, whole chunks.
func (c *client) data(n int) string {
	c.t.Helper()
	var b bytes.Buffer
	for b.Len() < n {
		var size int
		line, err := c.in.ReadString('\n')
		require.NoError(c.t, err)
		_, err = fmt.Sscanf(line, "%x\r\n", &size)
		require.NoError(c.t, err, "%q", line)
		_, err = io.CopyN(&b, c.in, int64(size))
		require.NoError(c.t, err)
		_, err = c.in.Discard(2)
		require.NoError(c.t, err)
	}
	return b.String()
}
