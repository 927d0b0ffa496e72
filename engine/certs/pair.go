package certs

import (
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A Pair is a certificate with its key, as it was read. It never changes.
type Pair struct {
	cert  *tls.Certificate
	chain []*x509.Certificate
	names []string
}

// maxChain limits the bytes of a certificate and its chain. Usual clients give up a
// handshake if they are more: OpenSSL does from 100 KiB. Real chains have less than 10.
const maxChain = 64 << 10

// LoadPair reads a certificate and its key, and checks that they fit, and that clients
// take the chain. The error is an *Error.
func LoadPair(t plan.TLS) (*Pair, error) {
	data, err := read("cert", t.Cert)
	if err != nil {
		return nil, err
	}
	chain, err := parseCertificates("cert", t, t.Cert, data)
	if err != nil {
		return nil, err
	}
	if t.Key != t.Cert {
		if data, err = read("key", t.Key); err != nil {
			return nil, err
		}
	}
	key, err := parseKey(t, data)
	if err != nil {
		return nil, err
	}
	if err := fits(t, chain, key); err != nil {
		return nil, err
	}
	p := &Pair{cert: &tls.Certificate{PrivateKey: key, Leaf: chain[0]}, chain: chain, names: namesOf(chain[0])}
	size := 0
	for _, c := range chain {
		p.cert.Certificate = append(p.cert.Certificate, c.Raw)
		size += len(c.Raw)
	}
	if size > maxChain {
		return nil, &Error{Argument: "cert", Err: broken(t.Cert, fmt.Errorf("the %d certificates have %d KiB together, and clients take at most %d", len(chain), (size+1023)>>10, maxChain>>10)),
			Hint: "leave only the certificate and those that have signed it, without the authorities that clients know"}
	}
	return p, nil
}

// fits checks that a key is that of the first certificate.
func fits(t plan.TLS, chain []*x509.Certificate, key crypto.Signer) error {
	is := func(c *x509.Certificate) bool {
		public, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
		return ok && public.Equal(key.Public())
	}
	switch i := slices.IndexFunc(chain, is); {
	case i < 0:
		return &Error{Argument: "key", Err: broken(t.Key, fmt.Errorf("the key does not fit the certificate %s", describe(chain[0], t))), Hint: "name the key that the certificate was requested with"}
	case i > 0:
		return &Error{Argument: "cert", Err: broken(t.Cert, fmt.Errorf("the certificate of the key comes as number %d", i+1)), Hint: "put it first, and behind it the one that has signed it, and so on"}
	}
	return nil
}

// namesOf returns the names of a certificate in lower case: hosts, which can begin
// with "*.", and addresses.
func namesOf(c *x509.Certificate) (names []string) {
	for _, n := range c.DNSNames {
		names = append(names, strings.ToLower(n))
	}
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// describe names the certificate of a tls(...): by its names, or else by its subject,
// and by its file.
func describe(c *x509.Certificate, t plan.TLS) string {
	text := whose(c)
	if path := pathOf(t.Cert); path != "" && t.ACME.Name == "" {
		text += " in " + path
	}
	return text
}

func whose(c *x509.Certificate) string {
	if names := namesOf(c); len(names) > 0 {
		return "for " + strings.Join(names, ", ")
	}
	return "of " + c.Subject.String()
}

// Names returns the names of the certificate, see Source.
func (p *Pair) Names() []string { return p.names }

// sameChain reports whether two sources of the same certificate also have the same
// others behind it. Those that do not come from files count as having the same.
func sameChain(a, b Source) bool {
	x, ok := a.(*Pair)
	y, also := b.(*Pair)
	return !ok || !also || slices.EqualFunc(x.chain, y.chain, (*x509.Certificate).Equal)
}

// Leaf returns the certificate itself.
func (p *Pair) Leaf() *x509.Certificate { return p.chain[0] }

// Fingerprint returns the SHA-256 of a certificate in hexadecimal digits.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}
