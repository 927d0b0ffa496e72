package head

// Classes of a byte in a name.
const (
	TokenByte = 1 << iota
	// Underscore is "_", which WSGI, CGI and frameworks on ASGI treat as a
	// hyphen, so that they read X_Forwarded_For as X-Forwarded-For.
	Underscore
	// OddByte is a token byte other than a letter, a digit, a hyphen, a dot or
	// an underscore. No header in use has one in its name.
	OddByte
)

var NameClass = func() (class [256]uint8) {
	for c := range class {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '-', c == '.':
			class[c] = TokenByte
		}
	}
	for _, c := range []byte("!#$%&'*+^`|~") {
		class[c] = TokenByte | OddByte
	}
	class['_'] = TokenByte | Underscore
	return class
}()

// IsToken reports whether b is a token as defined in RFC 9110 §5.6.2.
func IsToken[T ~string | ~[]byte](b T) bool {
	for i := range len(b) {
		if NameClass[b[i]] == 0 {
			return false
		}
	}
	return len(b) > 0
}

// EqualFold reports whether b equals lower, which must be in lower case, if the
// case of ASCII letters is ignored.
func EqualFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if LowerByte(c) != lower[i] {
			return false
		}
	}
	return true
}

func EqualFoldBytes(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i, c := range a {
		if LowerByte(c) != LowerByte(b[i]) {
			return false
		}
	}
	return true
}

func LowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= 0x20
	}
	return c
}

func IsDigit(c byte) bool { return '0' <= c && c <= '9' }

const NotHex = 0xff

var HexValue = func() (value [256]uint8) {
	for c := range value {
		switch {
		case '0' <= c && c <= '9':
			value[c] = uint8(c - '0')
		case 'a' <= c && c <= 'f':
			value[c] = uint8(c - 'a' + 10)
		case 'A' <= c && c <= 'F':
			value[c] = uint8(c - 'A' + 10)
		default:
			value[c] = NotHex
		}
	}
	return value
}()

// Trim removes spaces and tabs from both ends.
func Trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}
