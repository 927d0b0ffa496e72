package tlslayer

import (
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"strings"
)

// An Identity says who a client is, by the certificate that it has shown and that was
// verified. Its texts consist of visible ASCII characters and spaces: every other byte
// is a backslash and two hexadecimal digits (RFC 4514, section 2.4).
type Identity struct {
	Subject     string   // as in RFC 4514, such as "CN=worker 7,O=Example"
	SANs        []string // such as "DNS:a.example", "email:a@b", "URI:spiffe://a/b", "IP:192.0.2.1"; without commas
	Names       string   // SANs with commas between them
	Fingerprint string   // SHA-256 of the certificate in hexadecimal digits
}

// MaxIdentity is how many bytes the texts of an Identity can have together. A client
// with a longer one is refused: its requests would have longer heads than an app takes.
const MaxIdentity = 8 << 10

// IdentityOf returns the identity in a certificate. It does not verify it.
func IdentityOf(c *x509.Certificate) *Identity {
	sum := sha256.Sum256(c.Raw)
	id := &Identity{Subject: EscapeSubject(c.Subject), Fingerprint: hex.EncodeToString(sum[:])}
	add := func(kind, value string) { id.SANs = append(id.SANs, kind+escape(value, ",\\")) }
	for _, name := range c.DNSNames {
		add("DNS:", name)
	}
	for _, address := range c.EmailAddresses {
		add("email:", address)
	}
	for _, u := range c.URIs {
		add("URI:", u.String())
	}
	for _, ip := range c.IPAddresses {
		add("IP:", ip.String())
	}
	id.Names = strings.Join(id.SANs, ",")
	return id
}

// CertSubject returns Subject.
func (id *Identity) CertSubject() string { return id.Subject }

// CertNames returns SANs.
func (id *Identity) CertNames() []string { return id.SANs }

// CertFingerprint returns Fingerprint.
func (id *Identity) CertFingerprint() string { return id.Fingerprint }

// Len returns the length of the texts.
func (id *Identity) Len() int { return len(id.Subject) + len(id.Names) + len(id.Fingerprint) }

// EscapeSubject escapes a name as Subject has it.
func EscapeSubject(name pkix.Name) string { return escape(name.String(), "") }

// escape escapes the bytes that are not visible ASCII or a space, and those in special.
func escape(s, special string) string {
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || strings.IndexByte(special, c) >= 0 {
			out.WriteString(string([]byte{'\\', digits[c>>4], digits[c&15]}))
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}
