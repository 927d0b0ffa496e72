package http1

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/head"
)

func TestWriters(t *testing.T) {
	dst := AppendRequestLine([]byte("x"), "GET", []byte("/a"))
	dst = AppendField(dst, []byte("Host"), "a")
	assert.Equal(t, "xGET /a HTTP/1.1\r\nHost: a\r\n", string(dst))
	assert.Equal(t, "HTTP/1.1 404 Not Found\r\n", string(AppendStatusLine(nil, 404)))
	assert.Equal(t, "HTTP/1.1 299 \r\n", string(AppendStatusLine(nil, 299)))
	assert.Equal(t, "HTTP/1.1 999 \r\n", string(AppendStatusLine(nil, 999)))
	assert.Equal(t, "HTTP/1.1 200 Fine\r\n", string(AppendStatusLineReason(nil, 200, []byte("Fine"))))
	assert.Equal(t, "-12", string(AppendInt(nil, -12)))
	assert.Equal(t, "ff", string(AppendHexInt(nil, 255)))
	assert.Equal(t, "8000\r\n", string(AppendChunkHeader(nil, 32<<10)))
}

func TestWrittenBodyReadsBack(t *testing.T) {
	var body []byte
	for _, data := range []string{"hello", " ", "world"} {
		body = AppendChunkHeader(body, len(data))
		body = append(body, data...)
		body = append(body, ChunkEnd...)
	}
	body = AppendLastChunk(body, []head.Field{
		{Name: []byte("X-Sum"), Value: []byte("1")},
		{Name: []byte("Host"), Value: []byte("b"), Kind: head.KindHost, Drop: true},
	})
	got := decode(body, nil)
	require.Nil(t, got.err)
	assert.Equal(t, "hello world", got.data)
	assert.Equal(t, "\n  \"X-Sum\": \"1\" kind=\"\" drop=false", got.trailers)
	assert.Equal(t, len(body), got.used)
}

func TestStatusTexts(t *testing.T) {
	for status := 100; status < 600; status++ {
		if want := http.StatusText(status); want != "" && status != 413 && status != 414 && status != 416 && status != 418 && status != 422 && status != 510 {
			assert.Equal(t, want, StatusText(status), "%d; the exceptions were renamed or dropped by RFC 9110", status)
		}
	}
	assert.Equal(t, "", StatusText(-1))
}
