package tlslayer

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestIdentity checks that a certificate cannot bring in more headers or names than
// it has.
func TestIdentity(t *testing.T) {
	id := IdentityOf(&x509.Certificate{
		Raw:            []byte("raw"),
		Subject:        pkix.Name{CommonName: "a,b\r\nX-Evil: 1\x00é", Organization: []string{"O"}},
		DNSNames:       []string{"a.example", "b,DNS:root\\\r\n"},
		EmailAddresses: []string{"a@b"}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 1)},
		URIs: []*url.URL{{Scheme: "spiffe", Host: "a", Path: "/b"}},
	})
	assert.Equal(t, `CN=a\,b\0D\0AX-Evil: 1\00\C3\A9,O=O`, id.Subject)
	assert.Equal(t, `DNS:a.example,DNS:b\2CDNS:root\5C\0D\0A,email:a@b,URI:spiffe://a/b,IP:192.0.2.1`, id.Names)
	assert.Len(t, id.SANs, 5)
	assert.Len(t, id.Fingerprint, 64)
	assert.Equal(t, len(id.Subject)+len(id.Names)+64, id.Len())
}
