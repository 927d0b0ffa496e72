package http2

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

// onlyHost is the tag of a session in which only one host may be asked for.
type onlyHost string

func (o onlyHost) Allows(host []byte) bool { return string(host) == string(o) }

// rawTLS connects a client that has exchanged settings, over TLS, to a listener of
// its own. Its session allows requests for a.example only.
func (r *rig) rawTLS() *rawClient {
	r.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(r.t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(r.t, err)
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: []string{"h2"},
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			tlslayer.Tag(hello, onlyHost("a.example"))
			return nil, nil
		}}
	handshakes := tlslayer.NewHandshakes(1, nil)
	r.t.Cleanup(handshakes.Wait)
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(r.t, err)
	ln := netloop.NewListener(tcp)
	ln.Layer = tlslayer.New(tlslayer.Options{Config: func() *tls.Config { return config }, Handshakes: handshakes})
	require.NoError(r.t, r.proxy.Listen(ln, nil))

	conn, err := tls.Dial("tcp", tcp.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	require.NoError(r.t, err)
	r.t.Cleanup(func() { conn.Close() })
	c := &rawClient{t: r.t, conn: conn, Framer: http2.NewFramer(conn, conn), next: 1}
	c.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.enc = hpack.NewEncoder(&c.buf)
	_, err = io.WriteString(conn, http2.ClientPreface)
	require.NoError(r.t, err)
	require.NoError(r.t, c.WriteSettings())
	return c
}

// TestMisdirected checks that a request for a host that the connection is not for is
// answered with 421 (RFC 9110 section 15.5.20) and reaches no worker, and that it ends
// only its stream: neither one that is in progress nor a later one (RFC 9113 section
// 9.1.1).
func TestMisdirected(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		arrived, goOn := make(chan bool, 1), make(chan bool)
		w := r.worker(func(w http.ResponseWriter, req *http.Request) {
			assert.Equal(t, "a.example", req.Host)
			if req.URL.Path == "/slow" {
				arrived <- true
				<-goOn
			}
			hello(w, req)
		})
		c := r.rawTLS()
		slow := c.ask(get(":path: /slow"), true)
		<-arrived

		other := get(":authority: b.example")
		got := c.hear(c.ask(other, true))
		assert.Equal(t, "421", got.status)
		assert.Contains(t, got.body, "this connection was opened for another host")
		assert.Empty(t, got.reset+got.goAway)
		assert.NotContains(t, got.fields, "connection: close")

		// A body that is still to come is not waited for (RFC 9113 section 8.1).
		got = c.hear(c.ask(get(":authority: b.example", ":method: POST"), false))
		assert.Equal(t, "421", got.status)
		assert.Empty(t, got.goAway)

		// No tunnel is opened.
		socket := get(":authority: b.example", ":method: CONNECT", ":protocol: websocket", "sec-websocket-version: 13")
		got = c.hear(c.ask(socket, false))
		assert.Equal(t, "421", got.status)
		assert.Empty(t, got.goAway)

		got = c.hear(c.ask(get(), true))
		assert.Equal(t, "200", got.status, "the connection goes on")
		close(goOn)
		got = c.hear(slow)
		assert.Equal(t, "200", got.status)
		assert.Equal(t, "hello world\n", got.body)
		assert.Empty(t, got.reset+got.goAway)
		r.idleAgain(w)
	})
}
