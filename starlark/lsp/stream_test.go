package lsp

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.lsp.dev/jsonrpc2"
)

// Messages come whole however they are cut.
func TestStream(t *testing.T) {
	var out bytes.Buffer
	w := newStream(nil, &out)
	require.NoError(t, w.write(jsonrpc2.NewNotification("a", jsonrpc2.RawMessage(`"😀"`))))
	require.NoError(t, w.write(jsonrpc2.NewNotification("b", nil)))
	text := strings.Replace(out.String(), "\r\n\r\n", "\r\ncontent-type: x; charset=utf-8\r\n\r\n", 1)
	s := newStream(iotest.OneByteReader(strings.NewReader(text)), nil)
	for _, want := range []string{"a", "b"} {
		body, err := s.read()
		require.NoError(t, err)
		m, err := jsonrpc2.DecodeMessage(body)
		require.NoError(t, err)
		assert.Equal(t, want, m.(*jsonrpc2.Notification).Method())
	}
	_, err := s.read()
	assert.Equal(t, io.EOF, err)
}

func TestStream_Wrong(t *testing.T) {
	for in, want := range map[string]string{
		"x\r\n\r\n":                            "which is no field",
		"A: b\r\n\r\n":                         "no Content-Length",
		"Content-Length: -1\r\n\r\n":           "the length",
		"Content-Length: 9999999999\r\n\r\n":   "at most 32 MiB",
		"Content-Length: 5\r\n\r\nabc":         "unexpected EOF",
		"Content-Length: 5\r\n":                "unexpected EOF",
		"Content-Le":                           "unexpected EOF",
		"A: " + strings.Repeat("x", maxHeader): "too long",
	} {
		_, err := newStream(strings.NewReader(in), nil).read()
		assert.ErrorContains(t, err, want, "%.30q", in)
	}
}
