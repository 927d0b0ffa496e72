package request

import (
	"fmt"
	"strings"

	"github.com/ldcorn/ldcorn/engine/match"
)

// A Certificate is the certificate that the client of a Sample has shown. It implements
// match.Certificate.
type Certificate struct {
	subject, fingerprint string
	names                []string
}

// NewCertificate returns a certificate with a subject, such as "CN=me,O=Example", names
// (subjectAltName), such as "DNS:me.example", and a fingerprint, which is a SHA-256 in
// hexadecimal digits. Each can be empty; the fingerprint is then all zeros, because every
// certificate has one. The error says which text no certificate has.
func NewCertificate(subject string, names []string, fingerprint string) (*Certificate, error) {
	c := &Certificate{fingerprint: strings.Repeat("0", 64)}
	var err error
	read := func(what, text string, parse func(string) (string, error)) string {
		out, wrong := parse(text)
		if wrong != nil && err == nil {
			err = fmt.Errorf("the %s %q %w", what, text, wrong)
		}
		return out
	}
	if subject != "" {
		c.subject = read("subject", subject, match.ParseCertSubject)
	}
	for _, name := range names {
		c.names = append(c.names, read("name", name, match.ParseCertName))
	}
	if fingerprint != "" {
		c.fingerprint = read("fingerprint", fingerprint, match.ParseCertFingerprint)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// CertSubject returns the subject.
func (c *Certificate) CertSubject() string { return c.subject }

// CertNames returns the names.
func (c *Certificate) CertNames() []string { return c.names }

// CertFingerprint returns the fingerprint.
func (c *Certificate) CertFingerprint() string { return c.fingerprint }
