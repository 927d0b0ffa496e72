package head

import "encoding/binary"

// A Kind is a field name that has a meaning for this package or the proxy,
// regardless of case. The zero Kind stands for every other name.
type Kind uint8

// The kinds. Those from KindConnection to KindHTTP2Settings apply to one
// connection only and are never forwarded.
const (
	KindOther Kind = iota

	KindConnection
	KindKeepAlive
	KindProxyConnection
	KindProxyAuthorization
	KindProxy
	KindTE
	KindUpgrade
	KindHTTP2Settings

	KindContentLength
	KindTransferEncoding
	KindTrailer
	KindExpect

	KindHost
	KindXForwardedFor
	KindXForwardedProto
	KindXForwardedHost
	KindXForwardedPort
	KindXForwarded // every other name that begins with X-Forwarded-
	KindXRealIP
	KindForwarded
	KindXClientCertSubject
	KindXClientCertSAN
	KindXClientCertFingerprint
	KindXRequestID
	KindTraceparent
	KindTracestate
	KindAccept
	KindCookie
	KindAuthorization
	KindContentType
	KindUserAgent
	KindReferer
	KindSecWebSocketKey
	KindSecWebSocketVersion
	KindSecWebSocketProtocol
	KindSecWebSocketExtensions
	KindSecWebSocketAccept
	KindDate
	KindServer
	KindSetCookie
	KindLocation
	KindRetryAfter
	KindXAccelBuffering

	numKinds
)

// kindNames are the names in lower case, in the order of the constants.
var kindNames = [numKinds]string{
	KindConnection:             "connection",
	KindKeepAlive:              "keep-alive",
	KindProxyConnection:        "proxy-connection",
	KindProxyAuthorization:     "proxy-authorization",
	KindProxy:                  "proxy",
	KindTE:                     "te",
	KindUpgrade:                "upgrade",
	KindHTTP2Settings:          "http2-settings",
	KindContentLength:          "content-length",
	KindTransferEncoding:       "transfer-encoding",
	KindTrailer:                "trailer",
	KindExpect:                 "expect",
	KindHost:                   "host",
	KindXForwardedFor:          "x-forwarded-for",
	KindXForwardedProto:        "x-forwarded-proto",
	KindXForwardedHost:         "x-forwarded-host",
	KindXForwardedPort:         "x-forwarded-port",
	KindXForwarded:             xForwarded,
	KindXRealIP:                "x-real-ip",
	KindForwarded:              "forwarded",
	KindXClientCertSubject:     "x-client-cert-subject",
	KindXClientCertSAN:         "x-client-cert-san",
	KindXClientCertFingerprint: "x-client-cert-fingerprint",
	KindXRequestID:             "x-request-id",
	KindTraceparent:            "traceparent",
	KindTracestate:             "tracestate",
	KindAccept:                 "accept",
	KindCookie:                 "cookie",
	KindAuthorization:          "authorization",
	KindContentType:            "content-type",
	KindUserAgent:              "user-agent",
	KindReferer:                "referer",
	KindSecWebSocketKey:        "sec-websocket-key",
	KindSecWebSocketVersion:    "sec-websocket-version",
	KindSecWebSocketProtocol:   "sec-websocket-protocol",
	KindSecWebSocketExtensions: "sec-websocket-extensions",
	KindSecWebSocketAccept:     "sec-websocket-accept",
	KindDate:                   "date",
	KindServer:                 "server",
	KindSetCookie:              "set-cookie",
	KindLocation:               "location",
	KindRetryAfter:             "retry-after",
	KindXAccelBuffering:        "x-accel-buffering",
}

// xForwarded is the prefix of the fields that say what a proxy has seen.
// Frameworks trust more of them than are documented anywhere: -Prefix, -Ssl,
// -Scheme, -Server, -User and others.
const xForwarded = "x-forwarded-"

// String returns the name in lower case, or "" for KindOther. For
// KindXForwarded it returns the prefix of the names.
func (k Kind) String() string {
	if k < numKinds {
		return kindNames[k]
	}
	return ""
}

// A KindSet is a set of kinds.
type KindSet uint64

// Kinds returns the set of the given kinds.
func Kinds(kinds ...Kind) KindSet {
	var s KindSet
	for _, k := range kinds {
		s |= 1 << k
	}
	return s
}

// Has reports whether k is in the set.
func (s KindSet) Has(k Kind) bool { return s>>k&1 != 0 }

const (
	// hopByHop are the kinds from KindConnection to KindHTTP2Settings.
	hopByHop = KindSet(1)<<(KindHTTP2Settings+1) - 2
	// Framing kinds are never copied; ldcorn writes its own.
	Framing = KindSet(1<<KindContentLength | 1<<KindTransferEncoding | 1<<KindTrailer | 1<<KindExpect)
	// Forwarding kinds tell a worker about the client. Uvicorn and frameworks
	// trust them, so ldcorn writes its own.
	Forwarding = KindSet(1<<KindXForwardedFor | 1<<KindXForwardedProto | 1<<KindXForwardedHost | 1<<KindXForwardedPort |
		1<<KindXForwarded | 1<<KindXRealIP | 1<<KindForwarded)
	// OfClientCert kinds say which certificate a client has shown to ldcorn. No app
	// gets them otherwise, not even from a trusted proxy, which may pass on what its
	// own client has made up.
	OfClientCert = KindSet(1<<KindXClientCertSubject | 1<<KindXClientCertSAN | 1<<KindXClientCertFingerprint)
	// Written kinds are those that ldcorn writes itself, if at all: no app gets
	// what a client sent in them.
	Written = Forwarding | OfClientCert | 1<<KindXRequestID
)

// OfConnection reports whether fields of the kind apply to one connection only,
// so that they are never forwarded.
func (k Kind) OfConnection() bool { return hopByHop.Has(k) }

// Frames reports whether fields of the kind say how a body is sent. ldcorn
// writes its own, and never copies them.
func (k Kind) Frames() bool { return Framing.Has(k) }

// kindTable is a hash table of kinds by the length and the two ends of a name.
// A slot holds a Kind, or 0 if free; collisions go to the next slot.
var kindTable = func() (table [256]Kind) {
	for k := KindOther + 1; k < numKinds; k++ {
		i := kindHash([]byte(kindNames[k]))
		for table[i] != 0 {
			i++
		}
		table[i] = k
	}
	return table
}()

func kindHash(name []byte) uint8 {
	first, last := name[0]|0x20, name[len(name)-1]|0x20
	return uint8(len(name))*11 + first*5 + last*19
}

// KindOf returns the kind of a name in upper or lower case. A name that is not
// a token is KindOther.
func KindOf(name string) Kind {
	if !IsToken(name) {
		return KindOther
	}
	return KindOfToken([]byte(name))
}

// KindOfToken returns the kind of a name, which must be a token and not empty.
func KindOfToken(name []byte) Kind {
	for i := kindHash(name); ; i++ {
		k := kindTable[i]
		switch {
		case k == 0 && isXForwarded(name):
			return KindXForwarded
		case k == 0 || EqualToken(name, kindNames[k]):
			return k
		}
	}
}

// isXForwarded reports whether a token begins with "X-Forwarded-".
func isXForwarded(name []byte) bool {
	return len(name) >= len(xForwarded) && EqualToken(name[:len(xForwarded)], xForwarded)
}

// EqualToken reports whether a token equals lower, ignoring case. Setting bit
// 0x20 is exact here: among token bytes it yields a letter, digit or hyphen
// only for letters, digits and hyphens themselves, and lower contains nothing
// else.
func EqualToken(token []byte, lower string) bool {
	if len(token) != len(lower) {
		return false
	}
	i := 0
	for ; i+8 <= len(token); i += 8 {
		if binary.LittleEndian.Uint64(token[i:])|0x20*ones != word(lower, i) {
			return false
		}
	}
	for ; i < len(token); i++ {
		if token[i]|0x20 != lower[i] {
			return false
		}
	}
	return true
}

const ones = 0x0101010101010101 // eight equal bytes

// word loads eight bytes of s from i, the first in the lowest byte.
func word(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}
