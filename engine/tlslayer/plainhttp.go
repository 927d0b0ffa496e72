package tlslayer

import (
	"bytes"
	"errors"
	"fmt"
)

// ErrNotTLS is the error of a connection that does not begin with a TLS handshake.
var ErrNotTLS = errors.New("the client does not speak TLS")

// ErrPlainHTTP is ErrNotTLS for a client that has sent an HTTP request.
var ErrPlainHTTP = errors.New("the client sent a plain HTTP request to a TLS listener")

// ErrProxyHeader is an ErrNotTLS for a client that has sent a header of the PROXY protocol.
var ErrProxyHeader = fmt.Errorf("%w: it sends a header of the PROXY protocol, which the listener does not expect", ErrNotTLS)

const plainHTTPAnswer = "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" +
	"This port speaks HTTPS: use https:// in the URL.\n"

// protocolVersion is the alert that a client gets which speaks something else, such
// as SSL 2: fatal, protocol_version (RFC 8446, section 6.2).
const protocolVersion = "\x15\x03\x01\x00\x02\x02\x46"

// refusal returns why the first bytes of a connection begin no handshake, or nil
// if they can.
func refusal(p []byte) error {
	switch {
	case opensTLS(p):
		return nil
	case isHTTP(p):
		return ErrPlainHTTP
	case bytes.HasPrefix(p, []byte("PROXY ")), bytes.HasPrefix(p, []byte("\r\n\r\n\x00")):
		return ErrProxyHeader
	}
	return ErrNotTLS
}

// answerTo returns what is sent to a client that speaks no TLS.
func answerTo(p []byte) string {
	if isHTTP(p) {
		return plainHTTPAnswer
	}
	return protocolVersion
}

// isHTTP reports whether the first bytes of a connection are those of an HTTP
// request.
func isHTTP(p []byte) bool {
	for _, method := range []string{"GET ", "HEAD ", "POST ", "PUT ", "PATCH ", "DELETE ", "OPTIONS ", "PRI "} {
		if n := min(len(p), len(method)); bytes.Equal(p[:n], []byte(method[:n])) {
			return true
		}
	}
	return false
}
