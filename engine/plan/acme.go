package plan

import (
	"fmt"
	"strings"
)

// An ACME says how to get the certificate of one name from an issuer that speaks
// ACME (RFC 8555). It is comparable.
type ACME struct {
	Name        string // the host, in lower case and ASCII; "" = the certificate comes from files
	Email       string // may be ""
	Directory   string // the address of the issuer
	DirectoryCA Text   // whose certificates the issuer has, see TLS.Cert; empty = those that the machine trusts
	Storage     string // the absolute path of a folder; "" = the state directory
	Challenge   Challenge
	Profile     string // "" = that of the issuer
	EABKeyID    string // of the external account binding; "" = none
	EABKey      Text   // likewise, in base64url
}

// A Challenge is the way in which an issuer checks that a name leads to this server.
type Challenge string

// The challenges.
const (
	ChallengeAny  Challenge = ""
	ChallengeHTTP Challenge = "http-01"     // RFC 8555, section 8.3
	ChallengeTLS  Challenge = "tls-alpn-01" // RFC 8737
)

// LetsEncrypt is the directory of Let's Encrypt.
const LetsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

// unissued are the ends of names that no public issuer gives certificates for
// (RFC 6761, RFC 6762, RFC 7686, RFC 8375, and ICANN's resolution 2024.07.29.06).
var unissued = []string{"localhost", "local", "test", "example", "invalid", "onion", "home.arpa", "internal", "lan", "home", "corp"}

// Unissued returns why public issuers give no certificate for a name, or "".
func Unissued(name string) string {
	if !strings.Contains(name, ".") {
		return fmt.Sprintf("%q has no domain", name)
	}
	for _, end := range unissued {
		if strings.HasSuffix(name, "."+end) {
			return fmt.Sprintf("nobody owns names in %q", end)
		}
	}
	return ""
}

// acme returns the value of a TLS with ACME as the configuration writes it.
func (t TLS) acme() string {
	a := t.ACME
	out := fmt.Sprintf("acme(%q", a.Name)
	add := func(name, value string) {
		if value != "" {
			out += fmt.Sprintf(", %s=%q", name, value)
		}
	}
	add("email", a.Email)
	if a.Directory != LetsEncrypt {
		add("directory_url", a.Directory)
	}
	if a.DirectoryCA.Reveal() != "" {
		out += ", directory_ca=" + showPEM(a.DirectoryCA)
	}
	add("storage", a.Storage)
	add("challenge", string(a.Challenge))
	add("profile", a.Profile)
	if a.EABKeyID != "" {
		out += fmt.Sprintf(", eab=[%q, %s]", a.EABKeyID, secretMark)
	}
	return out + t.rest()
}
