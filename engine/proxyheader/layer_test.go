package proxyheader

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	proxyproto "github.com/pires/go-proxyproto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A fakeConn is the connection of a layer that has no driver.
type fakeConn struct {
	netloop.Conn
	peer string
}

func (c fakeConn) Peer() netip.AddrPort {
	if c.peer == "" {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(netip.MustParseAddr(c.peer), 999)
}

// A rig is a layer that a test feeds.
type rig struct {
	*layer
	t       testing.TB
	refused []string
	news    chan bool
}

func newRig(t testing.TB, timeout time.Duration) *rig {
	r := &rig{t: t, news: make(chan bool, 1)}
	r.layer = New(Options{
		Trusts:  func(ip netip.Addr) bool { return ip == netip.MustParseAddr("10.0.0.1") },
		Timeout: func() time.Duration { return timeout },
		Refused: func(peer netip.Addr, why error) { r.refused = append(r.refused, peer.String()+": "+why.Error()) },
	})(fakeConn{peer: "10.0.0.1"}, func() { r.news <- true }).(*layer)
	return r
}

// read returns the plain bytes.
func (r *rig) read() string {
	buf := make([]byte, r.Buffered())
	require.Equal(r.t, len(buf), r.Read(buf))
	require.Zero(r.t, r.Buffered())
	return string(buf)
}

func v2(command, family byte, length int, rest string) string {
	b := append(append([]byte(nil), proxyproto.SIGV2...), command, family)
	return string(binary.BigEndian.AppendUint16(b, uint16(length))) + rest
}

// made returns a header that the library makes.
func made(t testing.TB, version byte, from, to net.Addr, tlvs int) string {
	h := proxyproto.HeaderProxyFromAddrs(version, from, to)
	for range tlvs {
		more, err := h.TLVs()
		require.NoError(t, err)
		require.NoError(t, h.SetTLVs(append(more, proxyproto.TLV{Type: proxyproto.PP2_TYPE_NOOP, Value: make([]byte, 1000)})))
	}
	b, err := h.Format()
	require.NoError(t, err)
	return string(b)
}

const (
	v4Addresses = "\xc6\x33\x64\x07\xc0\x00\x02\x01\x04\xd2\x01\xbb" // 198.51.100.7:1234 to 192.0.2.1:443
	v4Peer      = "198.51.100.7:1234"
	v4Local     = "192.0.2.1:443"
)

func tcp(s string) *net.TCPAddr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s)) }

// TestHeaders checks each good header whole, with what follows in the same read, and byte
// by byte.
func TestHeaders(t *testing.T) {
	unix := &net.UnixAddr{Net: "unix", Name: "/run/x.sock"}
	v6 := strings.Repeat("\x20\x01", 8) + strings.Repeat("\x20\x02", 8) + "\x00\x50\x01\xbb"
	mapped := strings.Repeat("\x00", 10) + "\xff\xff\xc6\x33\x64\x07"
	const anonymous = "anonymous"
	for _, c := range []struct{ why, header, peer, local string }{
		{"v1", "PROXY TCP4 198.51.100.7 192.0.2.1 1234 443\r\n", v4Peer, v4Local},
		{"v1, IPv6", "PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n", "[2001:db8::1]:1", "[2001:db8::2]:65535"},
		{"v1, IPv4 as IPv6", "PROXY TCP6 ::ffff:198.51.100.7 ::ffff:192.0.2.1 1234 443\r\n", v4Peer, v4Local},
		{"v1, IPv4 in TCP6 as nginx writes it", "PROXY TCP6 198.51.100.7 192.0.2.1 1234 443\r\n", v4Peer, v4Local},
		{"v1, the longest", "PROXY UNKNOWN " + strings.Repeat("x", maxLine-16) + "\r\n", anonymous, ""},
		{"v1, unknown", "PROXY UNKNOWN\r\n", anonymous, ""},
		{"v1, unknown with addresses", "PROXY UNKNOWN 198.51.100.7 192.0.2.1 1234 443\r\n", anonymous, ""},
		{"v2", v2(0x21, 0x11, 12, v4Addresses), v4Peer, v4Local},
		{"v2 of the library", made(t, 2, tcp(v4Peer), tcp(v4Local), 0), v4Peer, v4Local},
		{"v2, IPv6", v2(0x21, 0x21, 36, v6), "[2001:2001:2001:2001:2001:2001:2001:2001]:80", "[2002:2002:2002:2002:2002:2002:2002:2002]:443"},
		{"v2, IPv4 as IPv6", v2(0x21, 0x21, 36, mapped+mapped+"\x04\xd2\x01\xbb"), v4Peer, "198.51.100.7:443"},
		{"v2, TLVs", made(t, 2, tcp(v4Peer), tcp(v4Local), 3), v4Peer, v4Local},
		{"v2, as long as can be, TLVs that are none", v2(0x21, 0x11, 65535, v4Addresses+strings.Repeat("\xff", 65535-12)), v4Peer, v4Local},
		{"v2, local", v2(0x20, 0x00, 0, ""), "", ""},
		{"v2, local with addresses", v2(0x20, 0x11, 12, v4Addresses), "", ""},
		{"v2, local with a family and nothing", v2(0x20, 0x11, 0, ""), "", ""},
		{"v2, local with TLVs", v2(0x20, 0x00, 7, "\x04\x00\x04abcd"), "", ""},
		{"v2, unspecified", v2(0x21, 0x00, 0, ""), anonymous, ""},
		{"v2, unspecified with TLVs", v2(0x21, 0x00, 3, "\x04\x00\x00"), anonymous, ""},
		{"v2, a unix socket", made(t, 2, unix, unix, 1), anonymous, ""},
		{"v2, datagrams", v2(0x21, 0x12, 12, v4Addresses), anonymous, ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			check := func(r *rig) {
				t.Helper()
				require.True(t, r.Done())
				switch c.peer {
				case "":
					assert.Zero(t, r.Origin())
				case anonymous:
					assert.Equal(t, netloop.Origin{Anonymous: true}, r.Origin())
				default:
					assert.Equal(t, netloop.Origin{Peer: netip.MustParseAddrPort(c.peer), Local: netip.MustParseAddrPort(c.local)}, r.Origin())
				}
				assert.Empty(t, r.refused)
				assert.Nil(t, r.Next())
			}
			whole := newRig(t, time.Hour)
			require.NoError(t, whole.Feed([]byte(c.header)))
			check(whole)
			assert.Empty(t, whole.read())
			require.NoError(t, whole.Feed([]byte("GET ")))
			require.NoError(t, whole.Feed([]byte("/")))
			assert.Equal(t, "GET /", whole.read())
			out, err := whole.Seal([]byte("a"), []byte("b"))
			require.NoError(t, err)
			assert.Equal(t, "ab", string(out))
			assert.Equal(t, io.EOF, whole.FeedEnd())

			more := newRig(t, time.Hour)
			require.NoError(t, more.Feed([]byte(c.header+"GET /\r\n")))
			check(more)
			assert.Equal(t, "GET /\r\n", more.read())

			bytewise := newRig(t, time.Hour)
			for i := range len(c.header) {
				require.False(t, bytewise.Done(), "after %d bytes", i)
				require.NoError(t, bytewise.Feed([]byte(c.header[i:i+1])))
				require.LessOrEqual(t, cap(bytewise.header.b), 512, "it keeps only what it needs")
			}
			check(bytewise)
			bytewise.Close()
		})
	}
}

// TestRefused checks that a connection without a good header is refused as soon as that
// is certain.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ why, in, err string }{
		{"a request", "G", "does not begin with a PROXY protocol header"},
		{"TLS", "\x16\x03\x01", "does not begin"},
		{"another method with P", "POST", "does not begin"},
		{"v1, almost", "PROXX TCP4", "does not begin"},
		{"v2, almost", "\r\n\r\n\x00\r\nQUIX", "does not begin"},
		{"an empty line", "\r\n\r\nGET", "does not begin"},
		{"v1, too long", "PROXY UNKNOWN " + strings.Repeat("x", 200), "must be 107 bytes or less"},
		{"v1, too long with an end", "PROXY UNKNOWN " + strings.Repeat("x", 92) + "\r\n", "must be 107 bytes or less"},
		{"v1, no CR", "PROXY TCP4 198.51.100.7 192.0.2.1 1234 443\n", "malformed"},
		{"v1, joined", "PROXYTCP4 198.51.100.7 192.0.2.1 1234 443\r\n", "malformed"},
		{"v1, nothing", "PROXY\r\n", "malformed"},
		{"v1, another family", "PROXY UDP4 198.51.100.7 192.0.2.1 1234 443\r\n", "malformed"},
		{"v1, the wrong family", "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", "malformed"},
		{"v1, a zone", "PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n", "malformed"},
		{"v1, a name", "PROXY TCP4 localhost 192.0.2.1 1234 443\r\n", "malformed"},
		{"v1, an octal number", "PROXY TCP4 198.51.100.07 192.0.2.1 1234 443\r\n", "malformed"},
		{"v1, a port", "PROXY TCP4 198.51.100.7 192.0.2.1 65536 443\r\n", "malformed"},
		{"v1, a sign", "PROXY TCP4 198.51.100.7 192.0.2.1 +1 443\r\n", "malformed"},
		{"v1, one more", "PROXY TCP4 198.51.100.7 192.0.2.1 1 443 x\r\n", "malformed"},
		{"v1, two spaces", "PROXY  TCP4 198.51.100.7 192.0.2.1 1 443\r\n", "malformed"},
		{"v1, NUL", "PROXY TCP4 198.51.100.7\x00 192.0.2.1 1 443\r\n", "malformed"},
		{"v2, another version", v2(0x11, 0x11, 12, v4Addresses), "malformed"},
		{"v2, another command", v2(0x22, 0x11, 12, v4Addresses), "malformed"},
		{"v2, another family", v2(0x21, 0x41, 12, v4Addresses), "malformed"},
		{"v2, another protocol", v2(0x21, 0x13, 12, v4Addresses), "malformed"},
		{"v2, unspecified of another version", v2(0x31, 0x00, 0, ""), "malformed"},
		{"v2, addresses cut short", v2(0x21, 0x11, 11, v4Addresses[:11]), "malformed"},
		{"v2, IPv6 with addresses of IPv4", v2(0x21, 0x21, 12, v4Addresses), "malformed"},
		{"v2, a short unix socket", v2(0x21, 0x31, 20, strings.Repeat("x", 20)), "malformed"},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := newRig(t, time.Hour)
			err := r.Feed([]byte(c.in))
			assert.ErrorContains(t, err, c.err)
			require.Len(t, r.refused, 1)
			assert.Contains(t, r.refused[0], "10.0.0.1: ")
			assert.False(t, r.Done())
			assert.Zero(t, r.Buffered())
			assert.Equal(t, err, r.Feed(nil))
			_, err = r.Seal(nil, []byte("x"))
			assert.Error(t, err)
			out, err := r.Seal(nil, nil)
			assert.NoError(t, err)
			assert.Empty(t, r.End(out))

			bytewise := newRig(t, time.Hour)
			for i := 0; i < len(c.in) && err == nil; i++ {
				err = bytewise.Feed([]byte(c.in[i : i+1]))
			}
			assert.ErrorContains(t, err, c.err)
			assert.Len(t, bytewise.refused, 1)
		})
	}
}

// TestUntrusted checks that nobody else can name a client, and that a connection without
// a byte is nothing to talk about.
func TestUntrusted(t *testing.T) {
	for _, peer := range []string{"10.0.0.2", ""} {
		r := newRig(t, time.Hour)
		r.conn = fakeConn{peer: peer}
		require.NoError(t, r.Feed(nil))
		assert.ErrorIs(t, r.Feed([]byte("PROXY UNKNOWN\r\n")), ErrUntrusted)
		assert.Len(t, r.refused, 1)
	}
	silent := newRig(t, time.Hour)
	silent.conn = fakeConn{peer: "10.0.0.2"}
	assert.Equal(t, io.EOF, silent.FeedEnd())
	silent.Close()
	assert.Empty(t, silent.refused)
}

func TestReason(t *testing.T) {
	for want, why := range map[string]error{"untrusted": ErrUntrusted, "missing": ErrMissing, "malformed": malformed(io.EOF), "truncated": ErrTruncated, "late": ErrLate} {
		assert.Equal(t, want, Reasons[Reason(why)])
	}
}

// TestEnd checks what the end of the stream means.
func TestEnd(t *testing.T) {
	silent := newRig(t, time.Hour)
	assert.Equal(t, io.EOF, silent.FeedEnd())
	assert.Empty(t, silent.refused)
	cut := newRig(t, time.Hour)
	require.NoError(t, cut.Feed([]byte("PROXY TCP4 198.51.100.7 ")))
	assert.Equal(t, ErrTruncated, cut.FeedEnd())
	assert.Len(t, cut.refused, 1)
}

// TestLate checks that a header has its time from its first byte, of which more bytes
// give no more, and that no time means no limit.
func TestLate(t *testing.T) {
	r := newRig(t, time.Millisecond)
	require.NoError(t, r.Feed(nil), "a silent connection has another limit")
	require.NoError(t, r.Feed([]byte(v2(0x21, 0x11, 65535, v4Addresses))))
	<-r.news
	assert.Equal(t, ErrLate, r.Feed(nil))
	assert.Equal(t, []string{"10.0.0.1: " + ErrLate.Error()}, r.refused)

	patient := newRig(t, 0)
	require.NoError(t, patient.Feed([]byte("PROXY")))
	assert.Nil(t, patient.timer)

	intime := newRig(t, time.Hour)
	require.NoError(t, intime.Feed([]byte("PROXY")))
	require.NoError(t, intime.Feed([]byte(" UNKNOWN\r\n")))
	assert.False(t, intime.timer.Stop(), "stopped already")
}

// TestNext checks that the layer that follows gets the same connection.
func TestNext(t *testing.T) {
	var woken atomic.Bool
	conn := fakeConn{peer: "10.0.0.1"}
	next := new(layer)
	l := New(Options{
		Trusts: func(netip.Addr) bool { return true }, Timeout: func() time.Duration { return 0 },
		Next: func(c netloop.Conn, wake func()) netloop.Layer {
			assert.Equal(t, conn, c)
			wake()
			return next
		},
	})(conn, func() { woken.Store(true) }).(netloop.Opening)
	assert.Same(t, next, l.Next())
	assert.True(t, woken.Load())
}

// FuzzHeader checks that a header means the same however it comes, that it takes no
// byte too many, and that it keeps little.
func FuzzHeader(f *testing.F) {
	for _, s := range []string{
		"PROXY TCP4 198.51.100.7 192.0.2.1 1234 443\r\nGET", "PROXY UNKNOWN\r\n", v2(0x21, 0x11, 12, v4Addresses) + "GET",
		v2(0x20, 0x00, 3, "abc") + "x", v2(0x21, 0x31, 216, strings.Repeat("x", 216)), v2(0x21, 0x21, 40, strings.Repeat("y", 40)),
	} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		whole, parts := newRig(t, 0), newRig(t, 0)
		err := whole.Feed(in)
		size := max(cut, 1)
		var err2 error
		for at := 0; at < len(in) && err2 == nil; at += size {
			end := min(at+size, len(in))
			if end < at {
				end = len(in)
			}
			err2 = parts.Feed(in[at:end])
			if end == len(in) {
				break
			}
		}
		require.Equal(t, err == nil, err2 == nil, "%v, %v", err, err2)
		require.Equal(t, whole.Done(), parts.Done())
		require.Equal(t, whole.Origin(), parts.Origin())
		rest := whole.read()
		require.Equal(t, rest, parts.read())
		require.LessOrEqual(t, len(whole.header.b), fixed+216)
		if whole.Done() && in[0] == '\r' {
			require.Equal(t, len(in)-fixed-int(binary.BigEndian.Uint16(in[lengthAt:])), len(rest))
		}
	})
}
