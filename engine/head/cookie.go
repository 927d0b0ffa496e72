package head

import "bytes"

// NextCookie splits the first cookie off the value of a Cookie or Set-Cookie
// field, and returns what follows it. The name is empty for text without a "=".
//
// It reads cookies as Starlette and Django do: quotes do not protect a
// semicolon, and space around the name and the value does not count.
func NextCookie(list []byte) (name, value, rest []byte) {
	pair, rest, _ := bytes.Cut(list, semicolon)
	name, value, ok := bytes.Cut(pair, equals)
	if !ok {
		return nil, nil, rest
	}
	return trimLatin1(name), trimLatin1(value), rest
}

// CookieValue returns what Python's http.cookies reads from the value of a
// cookie: it removes quotes around the value, and resolves escapes between them.
// A value with escapes is in buf, which then grows.
func CookieValue(value []byte, buf *[]byte) []byte {
	n := len(value)
	if n < 2 || value[0] != '"' || value[n-1] != '"' {
		return value
	}
	value = value[1 : n-1]
	if bytes.IndexByte(value, '\\') < 0 {
		return value
	}
	out := (*buf)[:0]
	for len(value) > 0 {
		c, size := value[0], 1
		if c == '\\' && len(value) > 1 {
			c, size = escaped(value)
		}
		out = append(out, c)
		value = value[size:]
	}
	*buf = out
	return out
}

// escaped returns the byte of the escape that b begins with, and its length.
func escaped(b []byte) (c byte, size int) {
	if len(b) > 3 && '0' <= b[1] && b[1] <= '3' && isOctal(b[2]) && isOctal(b[3]) {
		return (b[1]-'0')<<6 | (b[2]-'0')<<3 | (b[3] - '0'), 4
	}
	return b[1], 2
}

func isOctal(c byte) bool { return '0' <= c && c <= '7' }

// trimLatin1 removes what Python's str.strip removes, of a text that servers
// decode as Latin-1.
func trimLatin1(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isSpace(c byte) bool {
	return c == ' ' || '\t' <= c && c <= '\r' || 0x1c <= c && c <= 0x1f || c == 0x85 || c == 0xa0
}

var semicolon, equals = []byte(";"), []byte("=")
