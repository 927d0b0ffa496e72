package plan

import (
	"fmt"
	"slices"
	"strings"
)

// A TLS is one tls(...) of a listener, or one name of acme(...): a certificate with
// its key, and what holds for the clients that ask for one of its names. It is
// comparable.
type TLS struct {
	Cert       Text // the absolute path of a PEM file, or the PEM itself; empty with ACME
	Key        Text // likewise
	ACME       ACME
	MinVersion TLSVersion
	ClientCA   Text // like Cert; empty if clients are not asked for certificates
	ClientAuth ClientAuth
	NoHTTP2    bool // clients are offered only HTTP/1.1
}

// A TLSVersion is the oldest version of TLS that a listener speaks.
type TLSVersion string

// The versions.
const (
	TLS12 TLSVersion = "1.2"
	TLS13 TLSVersion = "1.3"
)

// A ClientAuth says whether a client must have a certificate.
type ClientAuth string

// The values of ClientAuth.
const (
	ClientAuthNone    ClientAuth = ""        // clients are not asked
	ClientAuthRequest ClientAuth = "request" // a client that has a certificate must have a good one
	ClientAuthRequire ClientAuth = "require"
)

const pemBegin = "-----BEGIN "

// IsPEM reports whether the text is PEM, and not the path of a file.
func IsPEM(t Text) bool { return strings.Contains(t.Reveal(), pemBegin) }

// Paths returns the paths of the files that t names.
func (t TLS) Paths() (paths []string) {
	for _, x := range []Text{t.Cert, t.Key, t.ClientCA} {
		if x.Reveal() != "" && !IsPEM(x) {
			paths = append(paths, x.Reveal())
		}
	}
	return paths
}

// String returns the value as the configuration writes it, without the key.
func (t TLS) String() string {
	if t.ACME.Name != "" {
		return t.acme()
	}
	out := "tls(" + showPEM(t.Cert)
	if t.Key != t.Cert {
		out += ", key=" + showPEM(t.Key)
	}
	return out + t.rest()
}

// rest returns the arguments that tls and acme have both.
func (t TLS) rest() (out string) {
	if t.MinVersion != TLS12 {
		out += fmt.Sprintf(", min_version=%q", string(t.MinVersion))
	}
	if t.ClientCA.Reveal() != "" {
		out += ", client_ca=" + showPEM(t.ClientCA)
	}
	if t.ClientAuth == ClientAuthRequest {
		out += fmt.Sprintf(", client_auth=%q", string(t.ClientAuth))
	}
	if t.NoHTTP2 {
		out += ", http2=False"
	}
	return out + ")"
}

// showPEM returns a path in quotes, and never a key.
func showPEM(t Text) string {
	switch {
	case t.IsSecret():
		return secretMark
	case IsPEM(t):
		return "(PEM)"
	}
	return fmt.Sprintf("%q", t.Reveal())
}

// ShowTLS returns the value of the argument tls.
func ShowTLS(all []TLS) string {
	switch len(all) {
	case 0:
		return "None"
	case 1:
		return all[0].String()
	}
	out := make([]string, len(all))
	for i, t := range all {
		out[i] = t.String()
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// tlsSecrets returns what ShowTLS hides.
func tlsSecrets(all []TLS) (out []string) {
	for _, t := range all {
		for _, x := range []Text{t.Cert, t.Key, t.ClientCA, t.ACME.DirectoryCA, t.ACME.EABKey} {
			if x.IsSecret() || IsPEM(x) {
				out = append(out, x.Reveal())
			}
		}
	}
	return out
}

// sameTLS reports whether two listeners have the same TLS.
func sameTLS(a, b []TLS) bool { return slices.Equal(a, b) }
