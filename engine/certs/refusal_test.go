package certs

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestRefusalOf checks what is said of a client whose certificate is refused. What the
// client has put into it is harmless and short.
func TestRefusalOf(t *testing.T) {
	clients, others := newIssuer(t, "clients"), newIssuer(t, "others")
	old := &issuer{t: t, key: ecKey(t)}
	old.cert = old.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "old"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotAfter: time.Date(2020, 1, 2, 3, 4, 0, 0, time.UTC), NotBefore: time.Date(2019, 1, 2, 3, 4, 0, 0, time.UTC)}, old.key)
	ca, err := LoadCA(plan.TLS{ClientCA: plan.Plain(certPEM(clients.cert) + certPEM(old.cert))})
	assert.NoError(t, err)
	refused := func(by *issuer, c *x509.Certificate) *Refusal {
		if c.ExtKeyUsage == nil {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}
		return RefusalOf(ca.verify([]*x509.Certificate{by.sign(c, ecKey(t))}))
	}
	me := pkix.Name{CommonName: "me"}
	assert.Nil(t, refused(clients, &x509.Certificate{Subject: me}))
	assert.Equal(t, &Refusal{RefusedUnknownAuthority, "no authority in client_ca has signed the certificate of the client", hintUnknown, "CN=me", "CN=others"},
		refused(others, &x509.Certificate{Subject: me}))
	assert.Equal(t, &Refusal{RefusedExpired, "the certificate of the client has expired on 2021-02-03 04:05 UTC", hintExpired, "CN=me", "CN=clients"},
		refused(clients, &x509.Certificate{Subject: me, NotBefore: time.Date(2020, 2, 3, 4, 5, 0, 0, time.UTC), NotAfter: time.Date(2021, 2, 3, 4, 5, 0, 0, time.UTC)}))
	assert.Equal(t, &Refusal{RefusedExpired, "the certificate of the authority CN=old has expired on 2020-01-02 03:04 UTC", hintOldCA, "CN=me", "CN=old"},
		refused(old, &x509.Certificate{Subject: me}))
	assert.Equal(t, &Refusal{RefusedNotYetValid, "the certificate of the client is not valid before 2100-01-02 03:04 UTC", hintClock, "CN=me", "CN=clients"},
		refused(clients, &x509.Certificate{Subject: me, NotBefore: time.Date(2100, 1, 2, 3, 4, 0, 0, time.UTC), NotAfter: time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC)}))
	assert.Equal(t, &Refusal{RefusedOther, "the certificate of the client is not one for clients", hintUsage, "CN=me", "CN=clients"},
		refused(clients, &x509.Certificate{Subject: me, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}))

	evil := refused(others, &x509.Certificate{Subject: pkix.Name{CommonName: "a\r\nb\x1b[2J" + strings.Repeat("x", 10_000)}})
	assert.Contains(t, evil.Subject, `CN=a\0D\0Ab\1B[2Jxxx`)
	assert.Less(t, len(evil.Subject), 400)

	assert.Equal(t, RefusedMissing, RefusalOf(ca.verify(nil)).Reason)
	assert.Equal(t, &Refusal{Reason: RefusedOther, Text: "tls: failed to parse client certificate: x509: malformed"},
		RefusalOf(errors.New("tls: failed to parse client certificate: x509: malformed")))
	for _, err := range []error{nil, io.EOF, errNoTLS, errors.New("tls: no cipher suite supported by both client and server"), tls.AlertError(42)} {
		assert.Nil(t, RefusalOf(err), "%v", err)
	}
}
