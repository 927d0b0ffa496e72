package certs

import (
	"crypto/tls"
	"strings"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

// A Store makes the configuration of the handshakes of one listener. Its methods
// are safe to call from any goroutine.
type Store struct {
	base   *tls.Config
	issuer Issuer                // nil = none
	now    atomic.Pointer[sites] // nil = the listener has no TLS
}

// sites are the sites of a listener at one time. They never change.
type sites struct {
	all    []*site            // never empty
	byName map[string][]*site // those of a name have the same demands
	mixed  bool               // they do not all have the same demands
}

func newStore(issuer Issuer) *Store {
	s := &Store{issuer: issuer}
	s.base = &tls.Config{GetConfigForClient: s.choose}
	return s
}

func newSites(all []*site) *sites {
	out := &sites{all: all, byName: make(map[string][]*site)}
	var offers []offer
	for _, s := range all {
		offers = append(offers, s.offer)
		out.mixed = out.mixed || s.demand != all[0].demand
	}
	used, _ := share(offers)
	for name, of := range used {
		for _, i := range of {
			out.byName[name] = append(out.byName[name], all[i])
		}
	}
	return out
}

// Active reports whether the listener has TLS.
func (s *Store) Active() bool { return s.now.Load() != nil }

// Config returns the configuration for a handshake that begins. Without TLS, the
// handshake fails.
func (s *Store) Config() *tls.Config { return s.base }

// A choice is the tag of a session: what was chosen for it.
type choice struct {
	store *Store
	from  *sites
	site  *site
}

// choose returns the configuration for a client.
func (s *Store) choose(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	from := s.now.Load()
	if from == nil { // TLS was taken from the listener in this moment
		return nil, errNoTLS
	}
	if config := s.challenge(hello); config != nil {
		return config, nil
	}
	chosen := from.choose(hello)
	tlslayer.Tag(hello, choice{s, from, chosen})
	return chosen.current(), nil
}

// challenge returns the configuration for a handshake with which an issuer checks a
// name. It asks the client for no certificate: the connection ends with the handshake.
func (s *Store) challenge(hello *tls.ClientHelloInfo) *tls.Config {
	if s.issuer == nil || len(hello.SupportedProtos) != 1 || hello.SupportedProtos[0] != tlslayer.ProtocolACME {
		return nil
	}
	cert := s.issuer.Challenge(hello.ServerName)
	if cert == nil {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*cert}, NextProtos: []string{tlslayer.ProtocolACME}, SessionTicketsDisabled: true}
}

// choose returns the site for a client: the first one that the name has with a
// certificate that suits the client, or else the first one that the name has.
func (s *sites) choose(hello *tls.ClientHelloInfo) *site {
	found := s.find(hello.ServerName)
	if len(found) > 1 {
		for _, x := range found {
			if c, err := x.source.Certificate(hello); err == nil && hello.SupportsCertificate(c) == nil {
				return x
			}
		}
	}
	return found[0]
}

// find returns the sites that a name has, as share shares them out: those of the name
// itself, or else those of a wildcard. The first site is that of all other names.
func (s *sites) find(name string) []*site {
	name = strings.ToLower(name)
	if found := s.byName[name]; found != nil {
		return found
	}
	if i := strings.IndexByte(name, '.'); i > 0 {
		if found := s.byName["*"+name[i:]]; found != nil {
			return found
		}
	}
	return s.all[:1]
}

// Allows reports whether a request for a host may come in the session, as
// tlslayer.Session.Allows. It may not if other demands hold for the clients of that
// host than those that held for the session: a client must not get past a demand for
// a certificate by asking for one name in the handshake and for another one in the
// request, or by keeping a connection open.
func (c choice) Allows(host []byte) bool {
	now := c.store.now.Load()
	if now == nil {
		now = c.from
	}
	if now == c.from && !now.mixed {
		return true
	}
	return now.find(string(host))[0].demand == c.site.demand
}
