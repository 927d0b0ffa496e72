package certs

import (
	"bytes"
	"crypto/tls"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

// suites are the suites of TLS 1.2 that are sealed with an AEAD and whose keys are
// gone with the connection. Those of TLS 1.3 are all so.
var suites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// A site is one tls(...) of a listener in effect. Only the ticket keys of its
// configuration change.
type site struct {
	offer
	source Source
	config *tls.Config

	tickets *Tickets
	context string     // of the tickets
	mu      sync.Mutex // guards epoch, and the change of the keys
	epoch   int        // of the keys that config has
}

// protocolHTTP2 is HTTP/2 in ALPN.
const protocolHTTP2 = "h2"

// newSite returns the site of a listener. ca is nil if clients are not asked for
// certificates.
func newSite(listener string, t plan.TLS, source Source, ca *CA, protocols []string, tickets *Tickets) *site {
	if t.NoHTTP2 {
		protocols = slices.DeleteFunc(slices.Clone(protocols), func(p string) bool { return p == protocolHTTP2 })
	}
	s := &site{offer: offerOf(t, source.Names(), ca), source: source, tickets: tickets}
	s.config = &tls.Config{
		GetCertificate: source.Certificate,
		MinVersion:     tls.VersionTLS12,
		CipherSuites:   suites,
		NextProtos:     append(slices.Clone(protocols), source.Protocols()...),
		WrapSession:    s.wrap,
		UnwrapSession:  s.unwrap,
	}
	if t.MinVersion == plan.TLS13 {
		s.config.MinVersion = tls.VersionTLS13
	}
	if ca != nil {
		s.ask(t, ca)
	}
	s.context = listener + "\n" + s.demand.String()
	return s
}

var errLongIdentity = errors.New("the names in the certificate of the client are too long")

// ask makes clients show certificates.
func (s *site) ask(t plan.TLS, ca *CA) {
	s.config.ClientCAs = ca.pool
	s.config.ClientAuth = tls.RequireAndVerifyClientCert
	if t.ClientAuth == plan.ClientAuthRequest {
		s.config.ClientAuth = tls.VerifyClientCertIfGiven
	}
	// A session that is resumed brings the chain that was verified when it began.
	// Time has passed since then.
	s.config.VerifyConnection = func(c tls.ConnectionState) error {
		if len(c.PeerCertificates) > 0 && tlslayer.IdentityOf(c.PeerCertificates[0]).Len() > tlslayer.MaxIdentity {
			return &tls.CertificateVerificationError{UnverifiedCertificates: c.PeerCertificates, Err: errLongIdentity}
		}
		if !c.DidResume || len(c.PeerCertificates) == 0 && t.ClientAuth == plan.ClientAuthRequest {
			return nil
		}
		return ca.verify(c.PeerCertificates)
	}
}

// current returns the configuration with the ticket keys of the moment.
func (s *site) current() *tls.Config {
	keys, epoch := s.tickets.keys(s.context, time.Now(), s.has)
	if keys == nil {
		return s.config
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if epoch > s.epoch {
		s.epoch = epoch
		s.config.SetSessionTicketKeys(keys)
	}
	return s.config
}

// has reports whether the configuration has the keys of an epoch.
func (s *site) has(epoch int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.epoch >= epoch
}

// asked marks in a ticket which name the client had asked for.
const asked = "ldcorn server name: "

// wrap seals a ticket. It is good only for the name that the client has asked for
// (RFC 6066, section 3).
func (s *site) wrap(c tls.ConnectionState, state *tls.SessionState) ([]byte, error) {
	state.Extra = append(state.Extra, []byte(asked+strings.ToLower(c.ServerName)))
	return s.config.EncryptTicket(c, state)
}

// unwrap opens a ticket. Without a session, there is a full handshake.
func (s *site) unwrap(ticket []byte, c tls.ConnectionState) (*tls.SessionState, error) {
	state, err := s.config.DecryptTicket(ticket, c)
	if err != nil || state == nil {
		return nil, err
	}
	want := []byte(asked + strings.ToLower(c.ServerName))
	if !slices.ContainsFunc(state.Extra, func(x []byte) bool { return bytes.Equal(x, want) }) {
		return nil, nil
	}
	return state, nil
}
