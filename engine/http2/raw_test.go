package http2

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A rawClient writes and reads frames of its own making.
type rawClient struct {
	t    testing.TB
	conn net.Conn
	*http2.Framer
	enc  *hpack.Encoder
	buf  bytes.Buffer
	next uint32 // id of the next stream
}

// raw connects a client that has exchanged settings.
func (r *rig) raw(settings ...http2.Setting) *rawClient {
	r.t.Helper()
	c := r.connect()
	_, err := io.WriteString(c.conn, http2.ClientPreface)
	require.NoError(r.t, err)
	require.NoError(r.t, c.WriteSettings(settings...))
	c.read(func(f http2.Frame) bool {
		s, ok := f.(*http2.SettingsFrame)
		return ok && s.IsAck()
	})
	return c
}

// connect connects a client that has said nothing.
func (r *rig) connect() *rawClient {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.addr)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { conn.Close() })
	c := &rawClient{t: r.t, conn: conn, Framer: http2.NewFramer(conn, conn), next: 1}
	c.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.AllowIllegalWrites = true
	c.enc = hpack.NewEncoder(&c.buf)
	return c
}

// get returns the fields of a GET, with others behind them, each as "name: value".
// One with the name of a field that is there replaces it, or removes it if it has no
// value.
func get(more ...string) []string {
	fields := []string{":method: GET", ":scheme: http", ":authority: a.example", ":path: /"}
	for _, m := range more {
		name, value := split(m)
		replaced := false
		for i, f := range fields {
			if n, _ := split(f); n == name && strings.HasPrefix(name, ":") {
				fields[i], replaced = m, true
				if value == "" {
					fields = append(fields[:i], fields[i+1:]...)
				}
				break
			}
		}
		if !replaced {
			fields = append(fields, m)
		}
	}
	return fields
}

// split splits "name: value". A name can begin with ":".
func split(f string) (name, value string) {
	i := strings.Index(f[1:], ": ") + 1
	if i == 0 {
		return strings.TrimSuffix(f, ":"), ""
	}
	return f[:i], f[i+2:]
}

// block encodes fields.
func (c *rawClient) block(fields []string) []byte {
	c.buf.Reset()
	for _, f := range fields {
		name, value := split(f)
		require.NoError(c.t, c.enc.WriteField(hpack.HeaderField{Name: name, Value: value}))
	}
	return bytes.Clone(c.buf.Bytes())
}

// ask begins a stream and returns its id.
func (c *rawClient) ask(fields []string, end bool) uint32 {
	c.t.Helper()
	id := c.next
	c.next += 2
	require.NoError(c.t, c.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: c.block(fields), EndHeaders: true, EndStream: end}))
	return id
}

// read reads frames until one is as wanted. It acknowledges settings.
func (c *rawClient) read(wanted func(http2.Frame) bool) http2.Frame {
	c.t.Helper()
	for {
		f, err := c.frame()
		require.NoError(c.t, err)
		if wanted(f) {
			return f
		}
	}
}

func (c *rawClient) frame() (http2.Frame, error) {
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	f, err := c.ReadFrame()
	if s, ok := f.(*http2.SettingsFrame); ok && !s.IsAck() {
		_ = c.WriteSettingsAck()
	}
	return f, err
}

// An outcome is what came on a stream.
type outcome struct {
	status  string // of the final head; "" = none came
	interim []string
	fields  []string
	body    string
	trailer []string
	ended   bool
	reset   string // the error code of a reset; "" = none
	goAway  string // of a GOAWAY that came
}

// hear reads a stream to its end.
func (c *rawClient) hear(id uint32) (o outcome) {
	c.t.Helper()
	for !o.ended && o.reset == "" {
		f, err := c.frame()
		if err != nil {
			o.reset = "connection: " + err.Error()
			return o
		}
		if g, ok := f.(*http2.GoAwayFrame); ok {
			o.goAway = g.ErrCode.String()
		}
		if f.Header().StreamID == id {
			o.take(f)
		}
	}
	return o
}

func (o *outcome) take(f http2.Frame) {
	switch f := f.(type) {
	case *http2.MetaHeadersFrame:
		switch status := f.PseudoValue("status"); {
		case strings.HasPrefix(status, "1"):
			o.interim = append(o.interim, status)
		case status != "":
			o.status = status
			o.fields = lines(f.RegularFields())
		default:
			o.trailer = lines(f.RegularFields())
		}
		o.ended = f.StreamEnded()
	case *http2.DataFrame:
		o.body += string(f.Data())
		o.ended = f.StreamEnded()
	case *http2.RSTStreamFrame:
		o.reset = f.ErrCode.String()
	}
}

func lines(fields []hpack.HeaderField) (out []string) {
	for _, f := range fields {
		out = append(out, fmt.Sprintf("%s: %s", f.Name, f.Value))
	}
	return out
}

// untilEnd reads until the connection ends, and returns the code of the last GOAWAY.
func (c *rawClient) untilEnd() string {
	c.t.Helper()
	code := ""
	for {
		f, err := c.frame()
		if err != nil {
			require.NotErrorIs(c.t, err, net.ErrClosed)
			ne, ok := err.(net.Error)
			require.False(c.t, ok && ne.Timeout(), "the connection does not end")
			return code
		}
		if g, ok := f.(*http2.GoAwayFrame); ok {
			code = g.ErrCode.String()
		}
	}
}

// askLong is ask with a head that may need several frames.
func (c *rawClient) askLong(fields []string, end bool) uint32 {
	c.t.Helper()
	const size = 16 << 10
	id := c.next
	c.next += 2
	b := c.block(fields)
	n := min(len(b), size)
	require.NoError(c.t, c.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: b[:n], EndHeaders: n == len(b), EndStream: end}))
	for b = b[n:]; len(b) > 0; b = b[n:] {
		n = min(len(b), size)
		require.NoError(c.t, c.WriteContinuation(id, n == len(b), b[:n]))
	}
	return id
}
