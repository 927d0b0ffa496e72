package engine

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/logtest"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

// TestClientLog: clients without a certificate are one line, and do not hide a client
// with a bad one. Other failures are not of interest.
func TestClientLog(t *testing.T) {
	text := new(logtest.Text)
	l := newClientLog(slog.New(slog.NewTextHandler(text, nil)), "127.0.0.1:443")
	note := func(err error) certs.RefusalReason {
		return l.note(tlslayer.Result{Err: err, Peer: netip.MustParseAddr("192.0.2.1")})
	}
	assert.Empty(t, note(nil))
	assert.Empty(t, note(tlslayer.ErrGone))
	assert.Empty(t, text.String())
	for range 10 {
		assert.Equal(t, certs.RefusedMissing, note(errors.New("tls: client didn't provide a certificate")))
	}
	bad := &tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{{}}, Err: x509.UnknownAuthorityError{}}
	bad.UnverifiedCertificates[0].Subject.CommonName = "me"
	assert.Equal(t, certs.RefusedUnknownAuthority, note(bad))
	assert.Equal(t, 2, strings.Count(text.String(), "\n"))
	assert.Contains(t, text.String(), `msg="connection refused" addr=127.0.0.1:443 peer=192.0.2.1 reason="the client has shown no certificate" hint=`)
	assert.Contains(t, text.String(), `reason="no authority in client_ca has signed the certificate of the client" subject="CN=me" hint=`)
	for range 2 {
		assert.Empty(t, note(tlslayer.ErrPlainHTTP))
		assert.Empty(t, note(tlslayer.ErrProxyHeader))
		assert.Empty(t, note(tlslayer.ErrNotTLS))
	}
	assert.Equal(t, 4, strings.Count(text.String(), "\n"))
	assert.Contains(t, text.String(), `reason="the client speaks HTTP without TLS, but this listener has tls"`)
	assert.Contains(t, text.String(), `add proxy_protocol=True to the listener`)
}
