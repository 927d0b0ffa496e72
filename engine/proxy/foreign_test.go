package proxy

import (
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/logtest"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

const clientHello = "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"

// TestForeign checks that a client which speaks something else is told what that is, and
// that the log says so once, with what to do.
func TestForeign(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		text := new(logtest.Text)
		r := newRig(t, driver, nil, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(text, nil)) })
		r.worker("default", answering(hello))
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		of := &plan.Listener{Bind: plan.Bind{Network: "tcp", Address: ln.Addr().String()}}
		require.NoError(t, r.proxy.Listen(netloop.NewListener(ln), of))
		r.addr = ln.Addr().String()
		for _, c := range []struct {
			sends  string
			status int
			reason string
			hint   string
		}{
			{clientHello, 400, "the client speaks TLS, but this listener does not", "tls=tls("},
			{"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\n\r\n", 400, "a header of the PROXY protocol, which this listener does not expect", `add proxy_protocol=True to the listener, and \"127.0.0.1\" to its trusted_proxies`},
			{"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c", 400, "a header of the PROXY protocol", ""},
			{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "begins HTTP/2 without TLS, which ldcorn does not speak", "HTTP/1.1 on this port"},
		} {
			assertRefused(t, r.send(c.sends), c.status, c.reason)
			assert.Contains(t, r.send(c.sends), c.reason)
			assert.Contains(t, text.String(), c.reason)
			assert.Contains(t, text.String(), c.hint)
		}
		assert.Equal(t, 3, strings.Count(text.String(), "connection refused"), text.String())
		assert.NotContains(t, r.send("\x01\x03\r\n"), "TLS")
		assert.Contains(t, r.send("PRIX\r\n\r\n"), "malformed request line")
	})
}

// TestForeignOverTLS checks what is said of a client that has made a handshake.
func TestForeignOverTLS(t *testing.T) {
	assert.Equal(t, foreignSecureH2, foreign([]byte(prefaceLine), true))
	assert.Equal(t, foreignNone, foreign([]byte(clientHello), true))
	assert.Equal(t, foreignNone, foreign([]byte("\r\n\r\n"), false), "empty lines")
	assert.Equal(t, foreignNone, foreign(nil, false))
	for kind := foreignTLS; kind < foreignKinds; kind++ {
		assert.NotEmpty(t, foreignErrors[kind].Reason)
	}
}
