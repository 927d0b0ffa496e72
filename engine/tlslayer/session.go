package tlslayer

import "crypto/tls"

// A Session is what the handshake has agreed on. It never changes.
type Session struct {
	Version    uint16 // such as tls.VersionTLS13
	Suite      uint16 // such as tls.TLS_AES_128_GCM_SHA256
	Protocol   string // by ALPN, such as "http/1.1"; "" if the client has offered none
	ServerName string // that the client has asked for (SNI), in lower case; "" if none
	Resumed    bool   // by a session ticket
	// Client is the client by its certificate, which was verified; nil if it has
	// shown none.
	Client *Identity
	Tag    any // see Tag
}

// Allows reports whether a request for a host, as request.View has it, may come in the
// session: what its Tag says if that has a method Allows, and otherwise true.
func (s *Session) Allows(host []byte) bool {
	rules, ok := s.Tag.(interface{ Allows(host []byte) bool })
	return !ok || rules.Allows(host)
}

// Tag stores a value for the Session. It is for functions of a tls.Config that get
// a ClientHelloInfo, such as GetConfigForClient.
func Tag(hello *tls.ClientHelloInfo, v any) {
	if w, ok := hello.Conn.(*wire); ok {
		w.tag = v
	}
}

// VersionName returns the name of a version, such as "1.3".
func VersionName(v uint16) string {
	switch v {
	case tls.VersionTLS12:
		return "1.2"
	case tls.VersionTLS13:
		return "1.3"
	}
	return "other"
}

func sessionOf(c *tls.Conn, tag any) *Session {
	s := c.ConnectionState()
	out := &Session{Version: s.Version, Suite: s.CipherSuite, Protocol: s.NegotiatedProtocol, ServerName: s.ServerName, Resumed: s.DidResume, Tag: tag}
	if len(s.PeerCertificates) > 0 {
		out.Client = IdentityOf(s.PeerCertificates[0])
	}
	return out
}
