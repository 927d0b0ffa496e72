package match

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// A CertTextError says what is wrong with a text that no certificate has.
type CertTextError struct {
	Wrong string // as the end of a sentence about the text
	Right string // what to do
}

func (e *CertTextError) Error() string { return e.Wrong + "; " + e.Right }

// ParseCertSubject returns the subject that a person has written. The error is a
// *CertTextError, as with the functions below.
func ParseCertSubject(s string) (string, error) {
	if !strings.Contains(s, "=") {
		return s, &CertTextError{"has no attribute such as CN=", "write " + strconv.Quote("CN="+s)}
	}
	return s, nil
}

// ParseCertName returns the name of a certificate (subjectAltName) that a person has
// written.
func ParseCertName(s string) (string, error) {
	for _, kind := range []string{"DNS:", "email:", "URI:", "IP:"} {
		if strings.HasPrefix(s, kind) && len(s) > len(kind) {
			return s, nil
		}
	}
	return s, &CertTextError{"does not begin with DNS:, email:, URI: or IP:", "write " + strconv.Quote("DNS:"+s)}
}

// ParseCertFingerprint returns the fingerprint that a person has written, in the form of
// Certificate. It can have colons between the digits.
func ParseCertFingerprint(s string) (string, error) {
	digits := strings.ToLower(strings.ReplaceAll(s, ":", ""))
	if b, err := hex.DecodeString(digits); err != nil || len(b) != sha256.Size {
		return s, &CertTextError{"is not a SHA-256: 64 hexadecimal digits", "print it with: openssl x509 -in CERT -noout -fingerprint -sha256"}
	}
	return digits, nil
}
