package http1

import (
	"encoding/binary"
	"math/bits"
)

// Words of eight equal bytes, to process eight bytes at once.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// Classes of a byte in a name.
const (
	tokenByte = 1 << iota
	// underscore is "_", which WSGI, CGI and frameworks on ASGI treat as a
	// hyphen, so that they read X_Forwarded_For as X-Forwarded-For.
	underscore
	// oddByte is a token byte other than a letter, a digit, a hyphen, a dot or
	// an underscore. No header in use has one in its name.
	oddByte
)

var nameClass = func() (class [256]uint8) {
	for c := range class {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '-', c == '.':
			class[c] = tokenByte
		}
	}
	for _, c := range []byte("!#$%&'*+^`|~") {
		class[c] = tokenByte | oddByte
	}
	class['_'] = tokenByte | underscore
	return class
}()

// IsToken reports whether a name is a token as defined in RFC 9110 §5.6.2.
func IsToken(name string) bool { return isToken([]byte(name)) }

// isToken reports whether b is a token as defined in RFC 9110 §5.6.2.
func isToken(b []byte) bool {
	for _, c := range b {
		if nameClass[c] == 0 {
			return false
		}
	}
	return len(b) > 0
}

// controls marks, in the top bit of each byte of the result, the bytes of x
// that are below 0x20 or equal to 0x7f. Only the lowest mark is exact, which is
// enough to find the first one.
func controls(x uint64) uint64 {
	del := x ^ 0x7f*ones
	return ((x-0x20*ones)&^x | (del-ones)&^del) & highs
}

// controlIndex returns the index of the first control byte in b at or after i,
// or len(b).
func controlIndex(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		if m := controls(binary.LittleEndian.Uint64(b[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for ; i < len(b); i++ {
		if b[i] < 0x20 || b[i] == 0x7f {
			break
		}
	}
	return i
}

// textEnd is controlIndex, but treats tabs as text.
func textEnd(b []byte, i int) int {
	for {
		i = controlIndex(b, i)
		if i == len(b) || b[i] != '\t' {
			return i
		}
		i++
	}
}

// asciiEnd is controlIndex, but treats bytes from 0x80 on as control bytes.
func asciiEnd(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		if m := controls(x) | x&highs; m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for ; i < len(b); i++ {
		if b[i] < 0x20 || b[i] >= 0x7f {
			break
		}
	}
	return i
}

// EqualFold reports whether b equals lower, which must be in lower case, if the
// case of ASCII letters is ignored.
func EqualFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if lowerByte(c) != lower[i] {
			return false
		}
	}
	return true
}

func equalFoldBytes(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i, c := range a {
		if lowerByte(c) != lowerByte(b[i]) {
			return false
		}
	}
	return true
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= 0x20
	}
	return c
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

const notHex = 0xff

var hexValue = func() (value [256]uint8) {
	for c := range value {
		switch {
		case '0' <= c && c <= '9':
			value[c] = uint8(c - '0')
		case 'a' <= c && c <= 'f':
			value[c] = uint8(c - 'a' + 10)
		case 'A' <= c && c <= 'F':
			value[c] = uint8(c - 'A' + 10)
		default:
			value[c] = notHex
		}
	}
	return value
}()

// trim removes spaces and tabs from both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}
