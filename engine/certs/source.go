package certs

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A Source gives the certificates for some names. A Pair is one. Its methods must
// be safe to call from any goroutine.
type Source interface {
	// Names returns the names that the source is chosen for, in lower case: hosts,
	// which can begin with "*.", and addresses. The first source of a listener is
	// chosen for all others, too.
	Names() []string
	// Certificate returns the certificate for a handshake. It runs in the
	// goroutine of the handshake, and may wait until the context of hello ends.
	Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error)
	// Leaf returns the certificate that the source has at present, or nil.
	Leaf() *x509.Certificate
	// Protocols returns the protocols of ALPN that the source needs beside those
	// of the listener, such as tlslayer.ProtocolACME.
	Protocols() []string
}

var _ Source = (*Pair)(nil)

// Certificate returns the certificate.
func (p *Pair) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.cert, nil }

// Protocols returns nothing.
func (p *Pair) Protocols() []string { return nil }

// An Issuer has the certificates that do not come from files. Its methods must be
// safe to call from any goroutine.
type Issuer interface {
	// Source returns the source for a name. It must speak with nobody else. The error
	// is an *Error.
	Source(a plan.ACME) (Source, error)
	// Manage makes the names of listeners those that the issuer keeps, of those that
	// Source was called for. challenges are those that the listeners can answer, the
	// preferred one first.
	Manage(names []plan.ACME, challenges []plan.Challenge)
	// Challenge returns the certificate with which a handshake answers that an issuer
	// makes to check a name (RFC 8737), or nil if it expects none.
	Challenge(serverName string) *tls.Certificate
}
