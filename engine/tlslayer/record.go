package tlslayer

import (
	"bytes"
	"encoding/binary"
)

const (
	headerLen = 5
	// maxRecord is the longest record of TLS 1.2 with its header (RFC 5246,
	// section 6.2.3). That of TLS 1.3 is shorter.
	maxRecord     = headerLen + 1<<14 + 2048
	typeHandshake = 22
)

// recordLen returns the length of the record at the beginning of p, or 0 if p
// does not hold all of it. What cannot be a record, and one that is too long, is no
// longer than its header, so that crypto/tls refuses it without the rest.
func recordLen(p []byte) int {
	if len(p) < headerLen {
		return 0
	}
	switch n := claimed(p); {
	case n > maxRecord || p[1] != 3:
		return headerLen
	case n > len(p):
		return 0
	default:
		return n
	}
}

// claimed returns how long the record is, as its header says.
func claimed(header []byte) int { return headerLen + int(binary.BigEndian.Uint16(header[3:5])) }

// missing returns how many bytes the record at the beginning of p lacks, as far
// as is known.
func missing(p []byte) int {
	switch {
	case len(p) < headerLen:
		return headerLen - len(p)
	case recordLen(p) > 0:
		return 0
	}
	return claimed(p) - len(p)
}

// opensTLS reports whether the first bytes of a connection can be those of a
// handshake record of TLS.
func opensTLS(p []byte) bool {
	return p[0] == typeHandshake && (len(p) < 2 || p[1] == 3)
}

// retryRandom is the random of a ServerHello that is a HelloRetryRequest (RFC 8446,
// section 4.1.3).
const retryRandom = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91" +
	"\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

// isRetry reports whether p begins with a record of a HelloRetryRequest.
func isRetry(p []byte) bool {
	const at = headerLen + 6 // behind the type and the length of the message, and the version
	return p[0] == typeHandshake && len(p) >= at+len(retryRandom) && bytes.Equal(p[at:at+len(retryRandom)], []byte(retryRandom))
}
