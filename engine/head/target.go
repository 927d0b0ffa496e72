package head

import (
	"bytes"
	"unicode/utf8"
)

// Classes of a byte with a special meaning in a target.
const (
	targetQuery = 1 << iota
	targetEscape
	targetDot
	targetHash
	targetBackslash // browsers and Windows treat it as a slash
)

var targetClass = [256]uint8{
	'?':  targetQuery,
	'%':  targetEscape,
	'.':  targetDot,
	'#':  targetHash,
	'\\': targetBackslash,
}

// SetTarget checks the target, sets it and splits it. The method must have been
// set.
func (r *Request) SetTarget(t []byte) *Error {
	r.Target = t
	if len(t) == 0 || !isVisible(t) {
		return errTarget
	}
	switch {
	case t[0] == '/':
		r.Origin = t
		return r.parsePath(t)
	case len(t) == 1 && t[0] == '*' && string(r.Method) == "OPTIONS":
		r.Origin, r.RawPath, r.Path = t, t, t
		return nil
	}
	return r.parseAbsolute(t)
}

// isVisible reports whether t contains only visible ASCII.
func isVisible(t []byte) bool {
	for _, c := range t {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// parseAbsolute parses an http or https URL.
func (r *Request) parseAbsolute(t []byte) *Error {
	i := bytes.IndexByte(t, ':')
	if i < 0 || !EqualFold(t[:i], "http") && !EqualFold(t[:i], "https") {
		return errTarget
	}
	rest := t[i+1:]
	if len(rest) < 3 || rest[0] != '/' || rest[1] != '/' {
		return errTarget
	}
	rest = rest[2:]
	end := bytes.IndexAny(rest, "/?#\\")
	if end < 0 {
		end = len(rest)
	}
	if !ValidHost(rest[:end]) {
		return errTarget
	}
	r.authority, rest = rest[:end], rest[end:]
	if len(rest) == 0 || rest[0] != '/' {
		r.origin = append(append(r.origin[:0], '/'), rest...)
		rest = r.origin
	}
	r.Origin = rest
	return r.parsePath(rest)
}

// parsePath parses a path and its query.
func (r *Request) parsePath(t []byte) *Error {
	class, end := scanTarget(t, targetQuery)
	var query []byte
	if end < len(t) {
		query = t[end+1:]
		// A broken escape is allowed: ASGI passes on the raw query, so that
		// only the app decodes it, and browsers do send "?q=100%". A backslash
		// is allowed, too, since browsers leave it as it is: a query has no
		// segments.
		if bytes.IndexByte(query, '#') >= 0 {
			return errFragment
		}
	}
	path := t[:end]
	r.RawPath, r.Path, r.Query = path, path, query
	switch {
	case class&targetHash != 0:
		return errFragment
	case class&targetBackslash != 0:
		return errBackslash
	case class&(targetEscape|targetDot) == 0:
		return nil
	}
	if class&targetEscape != 0 {
		if !validEscapes(path) {
			return errEscape
		}
		r.decoded = appendUnquoted(r.decoded[:0], path)
		r.Path = r.decoded
	}
	if hasDotSegment(r.Path) {
		return errDotSegment
	}
	return nil
}

// scanTarget collects the classes of the bytes of t before the first byte of
// class stop, and returns the index of that byte, or len(t).
func scanTarget(t []byte, stop uint8) (class uint8, end int) {
	for i, b := range t {
		c := targetClass[b]
		if c&stop != 0 {
			return class, i
		}
		class |= c
	}
	return class, len(t)
}

// validEscapes reports whether each % begins an escape other than NUL.
func validEscapes(t []byte) bool {
	for {
		i := bytes.IndexByte(t, '%')
		if i < 0 {
			return true
		}
		if i+2 >= len(t) {
			return false
		}
		hi, lo := HexValue[t[i+1]], HexValue[t[i+2]]
		if hi|lo == NotHex || hi|lo == 0 {
			return false
		}
		t = t[i+3:]
	}
}

// hasDotSegment reports whether a decoded path has a segment "." or "..".
func hasDotSegment(path []byte) bool {
	for {
		i := bytes.IndexByte(path, '.')
		if i < 0 {
			return false
		}
		starts := i > 0 && path[i-1] == '/'
		path = path[i:]
		if !starts {
			path = path[1:]
			continue
		}
		n := 1
		if len(path) > 1 && path[1] == '.' {
			n = 2
		}
		if len(path) == n || path[n] == '/' {
			return true
		}
		path = path[n:]
	}
}

// appendUnquoted appends the result of Python's urllib.parse.unquote for a path
// with valid escapes: decoded once, read as UTF-8, with U+FFFD for invalid
// bytes. Apps behind Uvicorn see exactly this.
func appendUnquoted(dst, path []byte) []byte {
	start := len(dst)
	for len(path) > 0 {
		c, n := Unescape(path)
		dst, path = append(dst, c), path[n:]
	}
	return toUTF8(dst, start)
}

// Unescape decodes the first byte of a path with valid escapes, and returns how
// many bytes of the path encode it, or 0 if the path is empty.
func Unescape(path []byte) (c byte, n int) {
	switch {
	case len(path) == 0:
		return 0, 0
	case path[0] == '%':
		return HexValue[path[1]]<<4 | HexValue[path[2]], len("%00")
	}
	return path[0], 1
}

// AppendQueryDecoded appends the result of Python's urllib.parse.unquote_plus
// for a name or value in a query: like a path, but with a space for each "+",
// and with broken escapes left as they are.
func AppendQueryDecoded(dst, b []byte) []byte {
	start := len(dst)
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(b) && HexValue[b[i+1]]|HexValue[b[i+2]] != NotHex:
			c = HexValue[b[i+1]]<<4 | HexValue[b[i+2]]
			i += 2
		}
		dst = append(dst, c)
	}
	return toUTF8(dst, start)
}

// toUTF8 replaces invalid UTF-8 from start on.
func toUTF8(dst []byte, start int) []byte {
	if utf8.Valid(dst[start:]) {
		return dst
	}
	return append(dst[:start], BytesToUTF8(dst[start:])...)
}

// BytesToUTF8 replaces invalid UTF-8 as Python does: with one U+FFFD for each
// longest part of b that could have begun a character. It allocates, but
// well-formed requests never need it.
func BytesToUTF8(b []byte) []byte {
	out := make([]byte, 0, 3*len(b))
	for len(b) > 0 {
		_, n := utf8.DecodeRune(b)
		if n > 1 || b[0] < utf8.RuneSelf {
			out = append(out, b[:n]...)
		} else {
			n = brokenPrefix(b)
			out = append(out, "\uFFFD"...)
		}
		b = b[n:]
	}
	return out
}

// brokenPrefix returns how many bytes at the start of b, which is not a valid
// character, could have begun one: the "maximal subpart" of Unicode §3.9.
func brokenPrefix(b []byte) int {
	lo, hi, size := byte(0x80), byte(0xbf), 0
	switch c := b[0]; {
	case c >= 0xc2 && c <= 0xdf:
		size = 2
	case c >= 0xe0 && c <= 0xef:
		size = 3
	case c >= 0xf0 && c <= 0xf4:
		size = 4
	}
	switch b[0] {
	case 0xe0:
		lo = 0xa0
	case 0xed:
		hi = 0x9f
	case 0xf0:
		lo = 0x90
	case 0xf4:
		hi = 0x8f
	}
	n := 1
	for n < size && n < len(b) && b[n] >= lo && b[n] <= hi {
		lo, hi = 0x80, 0xbf
		n++
	}
	return n
}
