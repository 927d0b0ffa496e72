package tlslayer

import (
	"bufio"
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// pair returns a certificate for localhost, and a pool that trusts it.
func pair(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, roots
}

// configs returns the configurations of both sides.
func configs(t testing.TB) (server, client *tls.Config) {
	cert, roots := pair(t)
	server = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	return server, &tls.Config{RootCAs: roots, ServerName: "localhost", NextProtos: []string{"http/1.1"}}
}

// A fakeConn is the netloop.Conn of a layer that has no driver.
type fakeConn struct {
	netloop.Conn
	peer string
}

func (c fakeConn) Peer() netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr(c.peer), 4321) }

// A server is a layer that the test drives, with a client of crypto/tls at the
// other end of a pipe.
type server struct {
	t     testing.TB
	layer *Layer
	news  chan struct{}
	sent  []byte // wire bytes that the layer has made
}

func newServer(t testing.TB, opts Options) *server { return newServerOf(t, opts, "192.0.2.1") }

// newServerOf returns a server for a client with an address.
func newServerOf(t testing.TB, opts Options, peer string) *server {
	s := &server{t: t, news: make(chan struct{}, 100)}
	if opts.Handshakes == nil {
		opts.Handshakes = NewHandshakes(1, nil)
	}
	s.layer = New(opts)(fakeConn{peer: peer}, func() { s.news <- struct{}{} }).(*Layer)
	t.Cleanup(opts.Handshakes.Wait)
	return s
}

// feed feeds p in pieces, and waits for the layer as a driver does.
func (s *server) feed(p []byte, piece int) error {
	for len(p) > 0 {
		n := min(piece, len(p))
		err := s.layer.Feed(p[:n])
		p = p[n:]
		for {
			s.sent, _ = s.layer.Seal(s.sent, nil)
			if err != netloop.ErrAgain {
				break
			}
			<-s.news
			err = s.layer.Feed(nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// read returns all plain bytes.
func (s *server) read() string {
	var out []byte
	for s.layer.Buffered() > 0 {
		p := make([]byte, 100)
		n := s.layer.Read(p)
		require.NotZero(s.t, n)
		out = append(out, p[:n]...)
	}
	return string(out)
}

// A half is the client's end of the connection to a server. What the client
// writes is fed in pieces; what the server has sent can be read.
type half struct {
	net.Conn
	s     *server
	piece int
	err   error
}

func (h *half) Write(p []byte) (int, error) {
	if h.err == nil {
		h.err = h.s.feed(bytes.Clone(p), h.piece)
	}
	return len(p), nil
}

func (h *half) Read(p []byte) (int, error) {
	if len(h.s.sent) == 0 {
		return 0, errEmpty
	}
	n := copy(p, h.s.sent)
	h.s.sent = h.s.sent[n:]
	return n, nil
}

func (h *half) Close() error                     { return nil }
func (h *half) SetWriteDeadline(time.Time) error { return nil }

// greeted returns a server and a client after the handshake.
func greeted(t testing.TB, version uint16, piece int) (*server, *tls.Conn, *half) {
	t.Helper()
	config, c := configs(t)
	c.MinVersion, c.MaxVersion = version, version
	s := newServer(t, Options{Config: func() *tls.Config { return config }})
	h := &half{s: s, piece: piece}
	client := tls.Client(h, c)
	require.NoError(t, client.HandshakeContext(context.Background()))
	require.NoError(t, h.err)
	require.NotNil(t, s.layer.Session())
	return s, client, h
}

// A sealer makes records of TLS 1.3 with AES-128-GCM, as a client that keeps to no
// rules can.
type sealer struct {
	t      testing.TB
	secret []byte
	seq    uint64
}

func expand(t testing.TB, secret []byte, label string, n int) []byte {
	t.Helper()
	label = "tls13 " + label
	info := binary.BigEndian.AppendUint16(nil, uint16(n))
	info = append(append(append(info, byte(len(label))), label...), 0)
	out, err := hkdf.Expand(sha256.New, secret, string(info), n)
	require.NoError(t, err)
	return out
}

// record returns a record with content of a type.
func (k *sealer) record(typ byte, content []byte) []byte {
	block, err := aes.NewCipher(expand(k.t, k.secret, "key", 16))
	require.NoError(k.t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(k.t, err)
	nonce := expand(k.t, k.secret, "iv", 12)
	for i := range 8 {
		nonce[4+i] ^= byte(k.seq >> (56 - 8*i))
	}
	k.seq++
	inner := append(bytes.Clone(content), typ)
	header := []byte{23, 3, 3, byte((len(inner) + 16) >> 8), byte(len(inner) + 16)}
	return gcm.Seal(header, nonce, inner, header)
}

// update changes to the next keys.
func (k *sealer) update() { k.secret, k.seq = expand(k.t, k.secret, "traffic upd", 32), 0 }

const (
	typeAlert   = 21
	typeData    = 23
	askedUpdate = "\x18\x00\x00\x01\x01" // KeyUpdate with update_requested
	plainUpdate = "\x18\x00\x00\x01\x00"
)

// sealed returns a server after a handshake of TLS 1.3, and a sealer for what the
// client sends.
func sealed(t testing.TB) (*server, *sealer) {
	t.Helper()
	config, c := configs(t)
	var log bytes.Buffer
	c.KeyLogWriter, c.MinVersion = &log, tls.VersionTLS13
	s := newServer(t, Options{Config: func() *tls.Config { return config }})
	h := &half{s: s, piece: 1 << 16}
	require.NoError(t, tls.Client(h, c).HandshakeContext(context.Background()))
	require.Equal(t, tls.TLS_AES_128_GCM_SHA256, s.layer.Session().Suite)
	s.sent = nil
	for lines := bufio.NewScanner(&log); lines.Scan(); {
		if f := strings.Fields(lines.Text()); f[0] == "CLIENT_TRAFFIC_SECRET_0" {
			secret, err := hex.DecodeString(f[2])
			require.NoError(t, err)
			return s, &sealer{t: t, secret: secret}
		}
	}
	t.Fatal("no secret was logged")
	return nil, nil
}
