package http1

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1/http1test"
)

// A decoded is the result of decoding a chunked body.
type decoded struct {
	data     string
	used     int // bytes consumed; only for a complete body
	done     bool
	err      *head.Error
	trailers string
}

// decode feeds a body as if it had been read in pieces that end at the cuts.
// Bytes of a read that Next does not consume are passed again with the next
// read.
func decode(in []byte, cuts []int) decoded {
	var c Chunked
	var out decoded
	var data []byte
	at := 0
	for _, cut := range append(slices.Clone(cuts), len(in)) {
		buf := slices.Clone(in[at:cut])
		for !out.done && out.err == nil {
			part, n, done, err := c.Next(buf)
			data = append(data, part...)
			buf, at = buf[n:], at+n
			out.done, out.err = done, err
			if n == 0 {
				break
			}
		}
	}
	out.data = string(data)
	if out.done {
		out.used = at
		out.trailers = showFields(c.Trailers())
	}
	return out
}

// requireChunkSplitsAgree checks that the result is the same for every split.
// Only the data before an error may differ: it does no harm that it was
// delivered.
func requireChunkSplitsAgree(t *testing.T, in []byte) decoded {
	t.Helper()
	want := decode(in, nil)
	for _, cuts := range splits(len(in)) {
		require.Equal(t, want, decode(in, cuts), "input %q, cuts %v", in, cuts)
	}
	return want
}

func TestBadChunks(t *testing.T) {
	for _, c := range http1test.BadChunks {
		got := requireChunkSplitsAgree(t, []byte(c.In+strings.Repeat("x", 8)))
		shown := c.In[:min(len(c.In), 100)]
		if assert.NotNil(t, got.err, "%q: %s", shown, c.Why) {
			assert.Equal(t, c.Status, got.err.Status, "%q: %s; got %q", shown, c.Why, got.err.Reason)
		}
	}
}

func TestChunked(t *testing.T) {
	for _, c := range []struct{ in, data, trailers, why string }{
		{"0\r\n\r\n", "", "", "an empty body"},
		{"5\r\nhello\r\n0\r\n\r\n", "hello", "", "RFC 9112 §7.1"},
		{"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", "", "two chunks"},
		{"0000000000000005\r\nhello\r\n000\r\n\r\n", "hello", "", "16 digits"},
		{"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", "", "both cases"},
		{"5;a\r\nhello\r\n0;b=\"c d\"\r\n\r\n", "hello", "", "RFC 9112 §7.1.1: extensions are ignored"},
		{"5;a=\t\xe9\r\nhello\r\n0\r\n\r\n", "hello", "", "whatever they hold"},
		{"2\r\n\r\n\r\n0\r\n\r\n", "\r\n", "", "data that looks like framing"},
		{"0\r\nX-Sum: 1\r\nx-b:\r\n\r\n", "", "\n  \"X-Sum\": \"1\" kind=\"\" drop=false\n  \"x-b\": \"\" kind=\"\" drop=false", "RFC 9112 §7.1.2"},
		{"0\r\nContent-Length: 5\r\nX_A: 1\r\n\r\n", "",
			"\n  \"Content-Length\": \"5\" kind=\"content-length\" drop=true\n  \"X_A\": \"1\" kind=\"\" drop=true", "RFC 9110 §6.5.1"},
	} {
		got := requireChunkSplitsAgree(t, []byte(c.in+"next"))
		require.Nil(t, got.err, "%q: %s", c.in, c.why)
		assert.True(t, got.done, "%q: %s", c.in, c.why)
		assert.Equal(t, c.data, got.data, "%q: %s", c.in, c.why)
		assert.Equal(t, c.trailers, got.trailers, "%q: %s", c.in, c.why)
		assert.Equal(t, len(c.in), got.used, "%q: %s", c.in, c.why)
	}
}

func TestChunkedOneByteEach(t *testing.T) {
	body := strings.Repeat("1\r\nx\r\n", 100000) + "0\r\n\r\n"
	got := decode([]byte(body), nil)
	require.Nil(t, got.err)
	assert.True(t, got.done)
	assert.Len(t, got.data, 100000)
}

func TestChunkedReset(t *testing.T) {
	var c Chunked
	assert.False(t, c.Started())
	for range 2 {
		_, n, done, err := c.Next([]byte("0\r\nX: 1\r\n\r\nmore"))
		require.Nil(t, err)
		assert.Equal(t, 11, n)
		assert.True(t, done)
		assert.True(t, c.Started())
		assert.Len(t, c.Trailers(), 1)
		_, n, done, err = c.Next([]byte("more"))
		require.Nil(t, err)
		assert.Zero(t, n)
		assert.True(t, done)
		c.Reset()
		assert.Empty(t, c.Trailers())
		assert.False(t, c.Started())
	}
	body := []byte("5\r\nhello\r\n0\r\nX: 1\r\n\r\n")
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		c.Reset()
		for at := 0; at < len(body); {
			_, n, _, _ := c.Next(body[at:])
			at += n
		}
	}))
}

func TestChunkedCount(t *testing.T) {
	var c Chunked
	for _, part := range []string{"1\r", "\na\r\n2", "\r\nbc\r\n", "0\r\n", "\r\n"} {
		for len(part) > 0 {
			_, n, _, err := c.Next([]byte(part))
			require.Nil(t, err)
			part = part[n:]
		}
	}
	assert.Equal(t, 3, c.Count())
	c.Reset()
	assert.Zero(t, c.Count())
}
