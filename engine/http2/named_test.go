package http2

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

// TestNamedClient checks that the streams of a connection with TLS belong to the client
// that the PROXY protocol names, whose header comes before the handshake, and that the
// fields of one that it does not name are not believed.
func TestNamedClient(t *testing.T) {
	pair := httptest.NewTLSServer(nil) // for its certificate
	defer pair.Close()
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		told := make(chan http.Header, 2)
		r.worker(func(_ http.ResponseWriter, req *http.Request) { told <- req.Header })
		sock, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		ln := netloop.NewListener(sock)
		config := &tls.Config{Certificates: pair.TLS.Certificates, NextProtos: []string{"h2"}}
		handshakes := tlslayer.NewHandshakes(1, nil)
		t.Cleanup(handshakes.Wait)
		peers := make(chan netip.Addr, 2)
		ln.Layer = tlslayer.New(tlslayer.Options{Config: func() *tls.Config { return config }, Handshakes: handshakes,
			Observe: func(s tlslayer.Result) { peers <- s.Peer }})
		require.NoError(t, r.proxy.Listen(ln, &plan.Listener{
			Bind: plan.Bind{Network: "tcp", Address: ln.Name()}, Forwarded: plan.ForwardedSet,
			ProxyProtocol: true, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		}))
		header := "PROXY TCP4 198.51.100.7 192.0.2.1 1234 443\r\n"
		tr := pair.Client().Transport.(*http.Transport).Clone()
		tr.ForceAttemptHTTP2 = true
		tr.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err == nil {
				_, err = io.WriteString(c, header)
			}
			return c, err
		}
		defer tr.CloseIdleConnections()
		client := &http.Client{Transport: tr, Timeout: patience}
		for range 2 {
			resp, err := client.Get("https://" + ln.Name() + "/")
			require.NoError(t, err)
			assert.Equal(t, 2, resp.ProtoMajor)
			all(t, resp.Body)
			h := <-told
			assert.Equal(t, "198.51.100.7", h.Get("X-Forwarded-For"))
			assert.Equal(t, "https", h.Get("X-Forwarded-Proto"))
			assert.Equal(t, "443", h.Get("X-Forwarded-Port"))
			assert.Equal(t, "198.51.100.7", r.observed().Client.String())
		}
		assert.Equal(t, "198.51.100.7", (<-peers).String())

		tr.CloseIdleConnections()
		header = "PROXY UNKNOWN\r\n"
		for range 2 {
			req, err := http.NewRequest("GET", "https://"+ln.Name()+"/", nil)
			require.NoError(t, err)
			req.Header.Set("X-Forwarded-For", "203.0.113.9")
			req.Header.Set("X-Forwarded-Proto", "http")
			resp, err := client.Do(req)
			require.NoError(t, err)
			assert.Equal(t, 2, resp.ProtoMajor)
			all(t, resp.Body)
			h := <-told
			assert.Equal(t, "127.0.0.1", h.Get("X-Forwarded-For"))
			assert.Equal(t, "https", h.Get("X-Forwarded-Proto"))
			assert.True(t, r.observed().Ignored)
		}
	})
}
