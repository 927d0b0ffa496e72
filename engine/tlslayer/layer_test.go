package tlslayer

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// conversations runs a test with both versions and with the client's bytes in
// pieces of several sizes.
func conversations(t *testing.T, test func(t *testing.T, s *server, client *tls.Conn, h *half)) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, piece := range []int{1, 7, 1000, 1 << 16} {
			t.Run(fmt.Sprintf("%s in pieces of %d", VersionName(version), piece), func(t *testing.T) {
				s, client, h := greeted(t, version, piece)
				test(t, s, client, h)
			})
		}
	}
}

// TestConversation checks that bytes go both ways, in whatever pieces they come,
// and that no buffer is held when all were read.
func TestConversation(t *testing.T) {
	conversations(t, func(t *testing.T, s *server, client *tls.Conn, h *half) {
		assert.Equal(t, "http/1.1", s.layer.Session().Protocol)
		assert.Equal(t, "localhost", s.layer.Session().ServerName)
		for range 3 {
			_, err := client.Write([]byte("a question"))
			require.NoError(t, err)
			require.NoError(t, h.err)
			assert.Equal(t, "a question", s.read())
			s.sent, err = s.layer.Seal(s.sent, []byte("an answer"))
			require.NoError(t, err)
			p := make([]byte, 100)
			n, err := client.Read(p)
			require.NoError(t, err)
			assert.Equal(t, "an answer", string(p[:n]))
		}
		assert.Nil(t, s.layer.part)
		assert.Nil(t, s.layer.plain)
		assert.Nil(t, s.layer.wire.out)
	})
}

// TestMuch checks that records of every size arrive whole.
func TestMuch(t *testing.T) {
	conversations(t, func(t *testing.T, s *server, client *tls.Conn, h *half) {
		data := make([]byte, 100_000)
		rand.Read(data)
		for _, size := range []int{1, 100, 5000, 16384, 40_000, len(data)} {
			var got bytes.Buffer
			h.s = s
			for p := data[:size]; len(p) > 0; p = p[min(len(p), 16384):] { // as a driver, feed only what was read
				_, err := client.Write(p[:min(len(p), 16384)])
				require.NoError(t, err)
				require.NoError(t, h.err)
				got.WriteString(s.read())
			}
			require.True(t, bytes.Equal(data[:size], got.Bytes()))
			var err error
			s.sent, err = s.layer.Seal(s.sent, data[:size])
			require.NoError(t, err)
			back := make([]byte, size)
			_, err = io.ReadFull(client, back)
			require.NoError(t, err)
			require.True(t, bytes.Equal(data[:size], back))
		}
		s.layer.Close()
	})
}

// TestEnds checks how each side learns of the end of the other side's stream.
func TestEnds(t *testing.T) {
	conversations(t, func(t *testing.T, s *server, client *tls.Conn, h *half) {
		s.sent = s.layer.End(s.sent)
		_, err := client.Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err, "close_notify")
		_, err = client.Write([]byte("still here"))
		require.NoError(t, err)
		assert.Equal(t, "still here", s.read(), "the client can go on")
		require.NoError(t, client.CloseWrite())
		assert.Equal(t, io.EOF, h.err)
		assert.Empty(t, s.read())
		s.layer.Close()
	})
	t.Run("truncated", func(t *testing.T) {
		s, client, _ := greeted(t, tls.VersionTLS13, 1000)
		_, err := client.Write([]byte("a part"))
		require.NoError(t, err)
		assert.ErrorIs(t, s.layer.FeedEnd(), io.ErrUnexpectedEOF)
		assert.Equal(t, "a part", s.read())
	})
	t.Run("silent", func(t *testing.T) {
		s := newServer(t, Options{})
		assert.Equal(t, io.EOF, s.layer.FeedEnd())
		s.layer.Close()
	})
}

// TestKeyUpdate checks that a client can change its keys and make the layer change
// its own, even with the message in two records, but not for nothing all the time.
func TestKeyUpdate(t *testing.T) {
	s, k := sealed(t)
	for range 100 {
		require.NoError(t, s.feed(k.record(typeHandshake, []byte(askedUpdate)), 7))
		k.update()
		require.NoError(t, s.feed(k.record(typeHandshake, []byte(plainUpdate[:2])), 7))
		require.NoError(t, s.feed(k.record(typeHandshake, []byte(plainUpdate[2:])), 7))
		k.update()
		require.NoError(t, s.feed(k.record(typeData, []byte("x")), 7))
		assert.Equal(t, "x", s.read())
		assert.NotEmpty(t, s.sent, "its own KeyUpdate")
		s.sent = nil
	}
	var err error
	for i := 0; err == nil && i < 100; i++ {
		err = s.feed(k.record(typeHandshake, []byte(plainUpdate)), 1000)
		k.update()
	}
	assert.ErrorContains(t, err, "too many")
}

// TestUnreadAnswers checks that a client that makes the layer answer and does not
// read does not use up memory.
func TestUnreadAnswers(t *testing.T) {
	s, k := sealed(t)
	var err error
	for i := 0; err == nil && i < 100_000; i++ {
		both := append(k.record(typeData, []byte("x")), k.record(typeHandshake, []byte(askedUpdate))...)
		k.update()
		err = s.feed(both, len(both))
		s.read()
	}
	assert.ErrorIs(t, err, errUnsent)
	assert.Less(t, len(s.sent), 2*maxUnsent)
}

// TestHostileRecords checks what makes a connection fail after the handshake, and
// that the client is told.
func TestHostileRecords(t *testing.T) {
	cases := map[string]func(k *sealer) []byte{
		"not a record":   func(*sealer) []byte { return []byte("GET / HTTP/1.1\r\n\r\n") },
		"too long":       func(*sealer) []byte { return []byte{23, 3, 3, 0xff, 0xff} },
		"not sealed":     func(*sealer) []byte { return []byte("\x15\x03\x03\x00\x02\x02\x00") },
		"badly sealed":   func(k *sealer) []byte { r := k.record(typeData, []byte("x")); r[len(r)-1] ^= 1; return r },
		"sealed twice":   func(k *sealer) []byte { r := k.record(typeData, nil); k.seq--; return append(r, r...) },
		"another type":   func(k *sealer) []byte { return k.record(99, []byte("x")) },
		"a hello":        func(k *sealer) []byte { return k.record(typeHandshake, []byte("\x01\x00\x00\x01x")) },
		"a long message": func(k *sealer) []byte { return k.record(typeHandshake, []byte("\x18\xff\xff\xff")) },
		"data in a message": func(k *sealer) []byte {
			return append(k.record(typeHandshake, []byte("\x18")), k.record(typeData, nil)...)
		},
		"an alert":           func(k *sealer) []byte { return k.record(typeAlert, []byte{2, 80}) },
		"an alert of 1 byte": func(k *sealer) []byte { return k.record(typeAlert, []byte{0}) },
		"nothing, all the time": func(k *sealer) (all []byte) {
			for range 20 {
				all = append(all, k.record(typeData, nil)...)
			}
			return all
		},
	}
	for what, hostile := range cases {
		t.Run(what, func(t *testing.T) {
			s, k := sealed(t)
			require.NoError(t, s.feed(k.record(typeData, []byte("before")), 1000))
			err := s.feed(hostile(k), 5)
			require.Error(t, err)
			assert.NotEqual(t, io.EOF, err)
			assert.Equal(t, "before", s.read())
			assert.Equal(t, what == "an alert", len(s.sent) == 0, "an alert tells the client")
			s.layer.Close()
		})
	}
}

// TestNotTLS checks what a client gets that speaks something else.
func TestNotTLS(t *testing.T) {
	for _, tt := range []struct {
		sends string
		err   error
		gets  string
	}{
		{"GET / HTTP/1.1\r\n", ErrPlainHTTP, "HTTP/1.0 400 Bad Request\r\n"},
		{"PRI * HTTP/2.0\r\n", ErrPlainHTTP, "HTTP/1.0 400 Bad Request\r\n"},
		{"SSH-2.0-x\r\n", ErrNotTLS, "\x15\x03"},
		{"\x80\x2e\x01\x00\x02", ErrNotTLS, "\x15\x03"}, // SSL 2
		{"\x15\x03\x01\x00\x02\x02\x28", ErrNotTLS, "\x15\x03"},
		{"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", ErrProxyHeader, "\x15\x03"},
		{"\r\n\r\n\x00\r\nQUIT\n\x21", ErrProxyHeader, "\x15\x03"},
		{"\r\n\r\n\x00\r\nQUIT\n\x21", ErrNotTLS, "\x15\x03"},
	} {
		var results []Result
		s := newServer(t, Options{Observe: func(r Result) { results = append(results, r) }})
		assert.ErrorIs(t, s.feed([]byte(tt.sends), 1000), tt.err)
		assert.True(t, strings.HasPrefix(string(s.sent), tt.gets), "%q", s.sent)
		s.layer.Close()
		require.Len(t, results, 1)
		assert.ErrorIs(t, results[0].Err, tt.err)
		assert.Equal(t, "192.0.2.1", results[0].Peer.String())
	}
}

// TestRefusedHandshake checks that the client gets an alert if the handshake fails.
func TestRefusedHandshake(t *testing.T) {
	config, c := configs(t)
	c.MaxVersion, c.NextProtos = tls.VersionTLS12, nil
	config.MinVersion = tls.VersionTLS13
	results := make(chan Result, 1)
	s := newServer(t, Options{Config: func() *tls.Config { return config }, Observe: func(r Result) { results <- r }})
	h := &half{s: s, piece: 7}
	err := tls.Client(h, c).HandshakeContext(context.Background())
	assert.ErrorContains(t, err, "protocol version not supported")
	assert.ErrorContains(t, h.err, "unsupported versions")
	assert.Error(t, (<-results).Err)
	s.layer.Close()
}

// TestACME checks that a connection with which an issuer checks a name ends with
// the handshake.
func TestACME(t *testing.T) {
	config, c := configs(t)
	config.NextProtos, c.NextProtos = []string{ProtocolACME}, []string{ProtocolACME}
	s := newServer(t, Options{Config: func() *tls.Config { return config }})
	h := &half{s: s, piece: 1000}
	require.NoError(t, tls.Client(h, c).HandshakeContext(context.Background()))
	assert.Equal(t, io.EOF, h.err)
	s.layer.Close()
}

// hello returns the first bytes of a client.
func hello(t testing.TB, c *tls.Config) []byte {
	var out bytes.Buffer
	err := tls.Client(&recorder{out: &out}, c).HandshakeContext(context.Background())
	require.Error(t, err)
	return out.Bytes()
}

type recorder struct {
	half
	out *bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) { return r.out.Write(p) }
func (r *recorder) Read([]byte) (int, error)    { return 0, io.EOF }

// TestSlowHandshakes checks that clients that do not go on hold up no others, and
// that closing a connection ends its handshake.
func TestSlowHandshakes(t *testing.T) {
	config, c := configs(t)
	results := make(chan Result, 10)
	opts := Options{Config: func() *tls.Config { return config }, Handshakes: NewHandshakes(1, nil), Observe: func(r Result) { results <- r }}
	var slow []*server
	for range 5 {
		s := newServer(t, opts)
		require.NoError(t, s.feed(hello(t, c), 1000))
		assert.NotEmpty(t, s.sent, "its part of the handshake")
		slow = append(slow, s)
	}
	s := newServer(t, opts)
	require.NoError(t, tls.Client(&half{s: s, piece: 1000}, c).HandshakeContext(context.Background()))
	assert.NoError(t, (<-results).Err)
	for _, s := range slow {
		s.layer.Close()
		assert.ErrorIs(t, (<-results).Err, ErrGone)
	}
	s.layer.Close()
}

// TestBusyHandshake checks that a connection can be closed while its handshake
// computes, or waits for its turn.
func TestBusyHandshake(t *testing.T) {
	config, c := configs(t)
	entered := make(chan context.Context)
	config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		entered <- hello.Context()
		<-hello.Context().Done()
		return nil, hello.Context().Err()
	}
	config.Certificates = nil
	results := make(chan Result, 2)
	var busy, idle int
	handshakes := NewHandshakes(1, func() func() { busy++; return func() { idle++ } })
	opts := Options{Config: func() *tls.Config { return config }, Handshakes: handshakes, Observe: func(r Result) { results <- r }}
	first, second := newServer(t, opts), newServer(t, opts)
	p := hello(t, c)
	assert.Equal(t, netloop.ErrAgain, first.layer.Feed(p))
	<-entered
	assert.Equal(t, netloop.ErrAgain, second.layer.Feed(p))
	assert.Equal(t, netloop.ErrAgain, second.layer.Feed(nil))
	_, err := second.layer.Seal(nil, []byte("early"))
	assert.Error(t, err)
	second.layer.Close()
	assert.ErrorIs(t, (<-results).Err, ErrGone)
	first.layer.Close()
	assert.ErrorIs(t, (<-results).Err, ErrGone)
	handshakes.Wait()
	assert.Equal(t, 1, busy)
	assert.Equal(t, 1, idle)
}

// TestHandshakeLimit checks that a client cannot make a handshake hold bytes
// without end.
func TestHandshakeLimit(t *testing.T) {
	config, c := configs(t)
	config.ClientAuth = tls.RequestClientCert
	s := newServer(t, Options{Config: func() *tls.Config { return config }})
	require.NoError(t, s.feed(hello(t, c), 1000))
	part := append([]byte{23, 3, 3, 0x40, 0}, make([]byte, 0x4000)...)
	var err error
	for i := 0; err == nil && i < 100; i++ {
		err = s.feed(part, len(part))
	}
	assert.Error(t, err)
	s.layer.Close()
}

// TestPanic checks that a panic in the handshake ends only its connection.
func TestPanic(t *testing.T) {
	config, c := configs(t)
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { panic("oh") }
	s := newServer(t, Options{Config: func() *tls.Config { return config }})
	assert.ErrorContains(t, s.feed(hello(t, c), 1000), "panic: oh")
	s.layer.Close()
}

// TestTag checks that a function of the configuration can leave a value with the
// session.
func TestTag(t *testing.T) {
	config, c := configs(t)
	config.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) { Tag(h, "mine"); return nil, nil }
	s := newServer(t, Options{Config: func() *tls.Config { return config }})
	require.NoError(t, tls.Client(&half{s: s, piece: 1000}, c).HandshakeContext(context.Background()))
	assert.Equal(t, "mine", s.layer.Session().Tag)
	s.layer.Close()
}

// TestAllocations checks what a request and its answer allocate: nothing of ours.
// crypto/tls allocates once for each record that it reads.
func TestAllocations(t *testing.T) {
	s, k := sealed(t)
	request := bytes.Repeat([]byte("x"), 500)
	var records [][]byte
	for range 210 {
		records = append(records, k.record(typeData, request))
	}
	p, out, i := make([]byte, 1000), make([]byte, 0, 4096), 0
	got := testing.AllocsPerRun(200, func() {
		if s.layer.Feed(records[i]) != nil || s.layer.Read(p) != len(request) {
			t.Error("not read")
		}
		i++
		out, _ = s.layer.Seal(out[:0], p[:100])
	})
	if !raceEnabled {
		assert.LessOrEqual(t, got, 1.0)
	}
}

// FuzzFeed feeds bytes of strangers, to new connections and established ones.
func FuzzFeed(f *testing.F) {
	config, c := configs(f)
	f.Add(hello(f, c), 7)
	f.Add([]byte("GET / HTTP/1.1\r\n"), 3)
	f.Add([]byte("\x16\x03\x01\x00\x00"), 1)
	f.Add([]byte("\x17\x03\x03\x00\x00\x17\x03\x03\x00\x01x"), 6)
	f.Fuzz(func(t *testing.T, p []byte, piece int) {
		s := newServer(t, Options{Config: func() *tls.Config { return config }})
		_ = s.feed(p, max(piece, 1))
		s.layer.Close()
		s, _ = sealed(t)
		_ = s.feed(p, max(piece, 1))
		s.read()
		s.layer.Close()
	})
}
