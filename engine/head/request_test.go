package head

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fields returns fields from lines of the form "name: value".
func fields(lines ...string) (out []Field) {
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		out = append(out, Field{Name: []byte(name), Value: []byte(value)})
	}
	return out
}

func TestFill(t *testing.T) {
	var r Request
	r.Reset()
	err := r.Fill("HTTP/2", []byte("POST"), []byte("/a%20b?c=%"), fields("host: a.example:8000", "x_a: 1", "te: trailers", "expect: 100-continue"), true, false)
	require.Nil(t, err)
	assert.Equal(t, "/a b", string(r.Path))
	assert.Equal(t, "c=%", string(r.Query))
	assert.Equal(t, "a.example:8000", string(r.Host))
	assert.True(t, r.Streamed && r.HasBody() && r.ExpectContinue && r.TETrailers && r.OddNames)
	assert.Equal(t, int64(-1), r.ContentLength)
	assert.True(t, r.Fields[1].Drop, "a name that an app could mistake for x-a")
	assert.True(t, r.Fields[2].Drop, "applies to the connection")
	assert.Equal(t, "a.example:8000", string(r.Get(KindHost)))

	r.Reset()
	require.Nil(t, r.Fill("HTTP/2", []byte("GET"), []byte("https://b.example"), fields("host: a", "content-length: 3"), true, true))
	assert.Equal(t, "b.example", string(r.Host), "the target's")
	assert.Equal(t, "/", string(r.Origin))
	assert.Equal(t, int64(3), r.ContentLength)
	assert.False(t, r.Streamed, "the length is known")
}

// TestFillRefuses: Fill checks parts as strictly as a codec checks text.
func TestFillRefuses(t *testing.T) {
	for _, c := range []struct {
		method, target string
		fields         []Field
		want           *Error
	}{
		{"", "/", fields("host:a"), errMethod},
		{"G T", "/", fields("host:a"), errMethod},
		{"CONNECT", "/", fields("host:a"), errMethodDeny},
		{"GET", "", fields("host:a"), errTarget},
		{"GET", "/a b", fields("host:a"), errTarget},
		{"GET", "/\x80", fields("host:a"), errTarget},
		{"GET", "/../a", fields("host:a"), errDotSegment},
		{"GET", "/%2e%2e/a", fields("host:a"), errDotSegment},
		{"GET", "/%zz", fields("host:a"), errEscape},
		{"GET", "/", nil, errNoHost},
		{"GET", "/", fields("host:a", "Host:b"), errHosts},
		{"GET", "/", fields("host:a/b"), errHost},
		{"GET", "/", fields("host:a", ":path:/"), ErrFieldName},
		{"GET", "/", fields("host:a", "x a:1"), ErrFieldName},
		{"GET", "/", fields("host:a", strings.Repeat("x", MaxName+1)+":1"), ErrNameLong},
		{"GET", "/", fields("host:a", "x:a\r\nx-real-ip: 1"), ErrControl},
		{"GET", "/", fields("host:a", "x:\x00"), ErrControl},
		{"GET", "/", fields("host:a", "content-length:-1"), errLength},
		{"GET", "/", fields("host:a", "content-length:1", "content-length:1"), errLengths},
		{"GET", "/", fields("host:a", "expect:a"), errExpect},
		{"GET", "/", fields("host:a", "trailer:content-length"), errTrailerName},
	} {
		var r Request
		r.Reset()
		got := r.Fill("HTTP/2", []byte(c.method), []byte(c.target), c.fields, false, true)
		assert.Same(t, c.want, got, "%s %q %q", c.method, c.target, c.fields)
	}
}
