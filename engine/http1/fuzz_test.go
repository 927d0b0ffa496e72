package http1

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1/http1test"
)

// The oracle of these targets is net/http: it accepts what we accept, and reads
// the same. Conversely, we are stricter on purpose. net/http accepts, and we
// refuse:
//
//   - bare LF as line end, folded lines, space before the colon (kept as part
//     of the name), more than one empty line before a request
//   - equal Content-Length lines; more than 18 digits; Content-Length with
//     Transfer-Encoding; Transfer-Encoding on HTTP/1.0 (ignored there)
//   - TRACE, CONNECT; HTTP/2 and up
//   - "\" in the path, "#", non-ASCII bytes in the query, dot segments, opaque URLs,
//     "*" without OPTIONS, users and odd names in hosts
//   - missing or malformed Host
//   - unknown expectations; Connection that names too much
//   - spaces in a chunk size line, control bytes in extensions
//
// Each target also checks that every split of the input gives the same result;
// cut selects one in addition to the usual ones.

const oracleBuffer = 256 << 10

func FuzzRequest(f *testing.F) {
	for _, cases := range http1test.Refusals {
		for _, c := range cases {
			if len(c.In) < 1000 {
				f.Add([]byte(c.In), uint16(len(c.In)/2))
			}
		}
	}
	for _, c := range accepted {
		if len(c.in) < 1000 {
			f.Add([]byte(c.in), uint16(len(c.in)/2))
		}
	}
	for _, c := range forwarded {
		f.Add([]byte(with(c.in)), uint16(len(c.in)))
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint16) {
		var r Request
		n, err := feed(&r, in, nil, false, nil)
		want := show(&r, n, err)
		requireSameCut(t, new(Request), in, cut, want)
		if err != nil || n == 0 {
			return
		}
		checkRequest(t, &r, in)
	})
}

// requireSameCut checks three splits: two pieces, two in moved buffers, and
// small pieces.
func requireSameCut(t *testing.T, p parser, in []byte, cut uint16, want string) {
	t.Helper()
	if len(in) == 0 {
		return
	}
	at := int(cut) % len(in)
	for _, move := range []bool{false, true} {
		n, err := feed(p, in, []int{at}, move, nil)
		require.Equal(t, want, show(p, n, err), "cut at %d, moved %t", at, move)
	}
	var cuts []int
	for i := 0; i < len(in); i += 1 + at%5 {
		cuts = append(cuts, i)
	}
	n, err := feed(p, in, cuts, false, nil)
	require.Equal(t, want, show(p, n, err), "in pieces of %d", 1+at%5)
}

// checkRequest compares the result with that of net/http.
func checkRequest(t *testing.T, r *Request, in []byte) {
	t.Helper()
	head := in[:r.HeadLen]
	for bytes.HasPrefix(head, []byte("\r\n")) { // net/http reads these elsewhere
		head = head[2:]
	}
	rest := bufio.NewReaderSize(bytes.NewReader(head), oracleBuffer)
	req, err := http.ReadRequest(rest)
	require.NoError(t, err)
	assert.Zero(t, rest.Buffered(), "the head ends at the same byte")
	assert.Equal(t, req.Method, string(r.Method))
	assert.Equal(t, req.RequestURI, string(r.Target))
	assert.Equal(t, min(req.ProtoMinor, 1), r.Minor)
	assert.Equal(t, strings.TrimSuffix(req.Host, ":"), string(r.Host))
	assert.Equal(t, req.URL.RawQuery, string(r.Query))
	if string(r.Target) != "*" {
		checkPath(t, r, req.URL)
	}
	checkFields(t, r.Fields, req.Header, req.Trailer)
	if r.Streamed {
		assert.Equal(t, []string{"chunked"}, req.TransferEncoding)
		assert.Equal(t, int64(-1), r.ContentLength)
	} else {
		assert.Empty(t, req.TransferEncoding)
		assert.Equal(t, req.ContentLength, max(r.ContentLength, 0))
	}
	if r.Minor == 1 { // for others, the server of net/http decides
		assert.Equal(t, req.Close, !r.KeepAlive)
	}
	checkForward(t, r)
}

func checkPath(t *testing.T, r *Request, u *url.URL) {
	t.Helper()
	path := u.Path
	if path == "" {
		path = "/"
	}
	assert.Equal(t, string(head.BytesToUTF8([]byte(path))), string(r.Path))
	unescaped, err := url.PathUnescape(string(r.RawPath))
	require.NoError(t, err)
	assert.Equal(t, path, unescaped)
	assert.Equal(t, byte('/'), r.Path[0])
	for _, segment := range strings.Split(string(r.Path), "/") {
		assert.NotContains(t, []string{".", ".."}, segment)
	}
	origin := string(r.RawPath)
	if bytes.IndexByte(r.Target, '?') >= 0 {
		origin += "?" + string(r.Query)
	}
	assert.Equal(t, origin, string(r.Origin))
}

// checkFields compares fields with a header of net/http, which removes the
// fields that it understands and treats Pragma specially.
func checkFields(t *testing.T, fields []head.Field, header, trailer http.Header) {
	t.Helper()
	got := http.Header{}
	for _, f := range fields {
		got.Add(string(f.Name), string(f.Value))
		assert.Equal(t, f.Kind, head.KindOfToken(f.Name))
	}
	header = header.Clone()
	if got.Get("Pragma") != "" && got["Cache-Control"] == nil {
		header.Del("Cache-Control")
	}
	for _, name := range []string{"Transfer-Encoding", "Content-Length", "Connection", "Host", "Trailer"} {
		if header[name] == nil {
			got.Del(name)
		}
		if name == "Content-Length" && len(got[name]) > 1 { // net/http merges equal fields
			got[name] = got[name][:1]
		}
	}
	assert.Equal(t, header, got)
	for name := range trailer {
		assert.NotContains(t, []string{"Transfer-Encoding", "Content-Length", "Trailer"}, name)
	}
}

// checkForward checks that what a worker would get parses again, and means the
// same.
func checkForward(t *testing.T, r *Request) {
	t.Helper()
	out := AppendRequestLine(nil, r.Method, r.Origin)
	if r.Get(head.KindHost) == nil && r.Minor == 0 {
		out = AppendField(out, "Host", "a")
	}
	out = AppendForwardable(out, r.Fields, 0)
	switch {
	case r.Upgrade:
		out = append(out, "Connection: Upgrade\r\nUpgrade: websocket\r\n"...)
	case r.Seen().Has(head.KindSecWebSocketKey):
		return // without its Upgrade it looks like a handshake broken by a proxy
	}
	out = append(out, "\r\n"...)
	if len(out) > DefaultLimits.MaxHead || len(r.Fields) == DefaultLimits.MaxFields || len(r.Target) > 8000 {
		return
	}
	var again Request
	n, err := again.Parse(out, nil)
	require.Nil(t, err, "%q", out)
	assert.Equal(t, len(out), n)
	assert.Equal(t, r.Path, again.Path)
	assert.Equal(t, r.Query, again.Query)
	assert.False(t, again.HasBody())
	assert.True(t, again.KeepAlive)
	assert.Equal(t, r.Upgrade, again.Upgrade)
	for _, f := range again.Fields {
		assert.Equal(t, r.Upgrade && (f.Kind == head.KindConnection || f.Kind == head.KindUpgrade), f.Drop, "%q", f.Name)
	}
}

func FuzzResponse(f *testing.F) {
	for _, c := range http1test.BadAnswers {
		if len(c.In) < 1000 {
			f.Add([]byte(c.In), uint16(len(c.In)/2))
		}
	}
	for _, c := range answers {
		f.Add([]byte(c.in), uint16(len(c.in)/2))
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint16) {
		var r Response
		n, err := feed(&r, in, nil, false, nil)
		requireSameCut(t, new(Response), in, cut, show(&r, n, err))
		if err != nil {
			require.Equal(t, 502, err.Status)
		}
		if err != nil || n == 0 {
			return
		}
		checkResponse(t, &r, in)
	})
}

func checkResponse(t *testing.T, r *Response, in []byte) {
	t.Helper()
	for _, method := range []string{"GET", "HEAD"} {
		rest := bufio.NewReaderSize(bytes.NewReader(in[:r.HeadLen]), oracleBuffer)
		resp, err := http.ReadResponse(rest, &http.Request{Method: method})
		require.NoError(t, err)
		assert.Zero(t, rest.Buffered(), "the head ends at the same byte")
		assert.Equal(t, resp.StatusCode, r.Status)
		assert.Equal(t, min(resp.ProtoMinor, 1), r.Minor)
		checkFields(t, r.Fields, resp.Header, resp.Trailer)
		switch r.BodyMode(method == "HEAD") {
		case BodyNone:
			assert.Equal(t, http.NoBody, resp.Body)
		case BodyLength:
			assert.Equal(t, resp.ContentLength, r.ContentLength)
			assert.Equal(t, resp.Close, !r.KeepAlive)
		case BodyChunked:
			assert.Equal(t, []string{"chunked"}, resp.TransferEncoding)
			if r.seen.Has(head.KindContentLength) {
				assert.False(t, r.KeepAlive)
				break
			}
			assert.Equal(t, resp.Close, !r.KeepAlive)
		case BodyUntilClose:
			assert.Equal(t, int64(-1), resp.ContentLength)
			assert.Empty(t, resp.TransferEncoding)
			assert.True(t, resp.Close)
		}
	}
}

func FuzzChunked(f *testing.F) {
	for _, c := range http1test.BadChunks {
		if len(c.In) < 1000 {
			f.Add([]byte(c.In), uint16(len(c.In)/2))
		}
	}
	for _, in := range []string{"0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "5;a=b\r\nhello\r\n1\r\n!\r\n0;c\r\nX-A: 1\r\nX-B: 2\r\n\r\nrest"} {
		f.Add([]byte(in), uint16(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint16) {
		got := decode(in, nil)
		if len(in) > 0 {
			at := int(cut) % len(in)
			require.Equal(t, got, decode(in, []int{at}), "cut at %d", at)
			var cuts []int
			for i := 0; i < len(in); i += 1 + at%5 {
				cuts = append(cuts, i)
			}
			require.Equal(t, got, decode(in, cuts), "in pieces of %d", 1+at%5)
		}
		data, trailers, used, err := oracleChunked(in)
		if !got.done {
			// Incomplete. The counter of net/http for bytes that are not data
			// overflows when a chunk of 2^62 bytes or more begins.
			if got.err == nil && (err == nil || !strings.Contains(err.Error(), "too much non-data")) {
				assert.True(t, bytes.HasPrefix(data, []byte(got.data)))
			}
			return
		}
		require.NoError(t, err)
		assert.Equal(t, string(data), got.data)
		assert.Equal(t, used, got.used, "the body ends at the same byte")
		checkTrailers(t, in, trailers)
	})
}

// oracleChunked reads a chunked body with net/http. used is the number of bytes
// that it consumed.
func oracleChunked(in []byte) (data []byte, trailers http.Header, used int, err error) {
	const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	rest := bufio.NewReaderSize(io.MultiReader(bytes.NewReader([]byte(head)), bytes.NewReader(in)), oracleBuffer)
	req, err := http.ReadRequest(rest)
	if err != nil {
		return nil, nil, 0, err
	}
	data, err = io.ReadAll(req.Body)
	left, readErr := io.ReadAll(rest)
	return data, req.Trailer, len(in) - len(left), errors.Join(err, readErr)
}

// checkTrailers compares the trailers with those of net/http.
func checkTrailers(t *testing.T, in []byte, want http.Header) {
	t.Helper()
	var c Chunked
	for done := false; !done; {
		_, n, d, err := c.Next(in)
		require.Nil(t, err)
		in, done = in[n:], d
	}
	got := http.Header{}
	for _, f := range c.Trailers() {
		name := textproto.CanonicalMIMEHeaderKey(string(f.Name))
		got[name] = append(got[name], string(f.Value))
	}
	for name, values := range want {
		assert.True(t, slices.Equal(values, got[name]), "%q: got %q, want %q", name, got[name], values)
	}
	assert.Len(t, got, len(want))
}
