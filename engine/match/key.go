package match

import (
	"bytes"
	"cmp"
	"fmt"
)

// A Key is what identifies the requests of one client. The zero Key means none.
type Key struct {
	By    KeyKind
	Name  string // of the cookie, or of the header in lower case
	Shown string // the name of the header as written, if that is not Name
}

// same reports whether two keys are found at the same place.
func (k Key) same(o Key) bool { return k.By == o.By && k.Name == o.Name }

// A KeyKind says where a Key is found.
type KeyKind string

// The kinds of key.
const (
	KeyNone     KeyKind = ""
	KeyCookie   KeyKind = "by_cookie"
	KeyHeader   KeyKind = "by_header"
	KeyClientIP KeyKind = "by_client_ip"
)

// KeyForms lists the ways to write a key.
const KeyForms = `by_cookie("name"), by_header("name") or by_client_ip()`

// String returns the key as the configuration writes it.
func (k Key) String() string {
	switch k.By {
	case KeyNone:
		return "None"
	case KeyClientIP:
		return string(k.By) + "()"
	}
	return fmt.Sprintf("%s(%q)", k.By, cmp.Or(k.Shown, k.Name))
}

// Value returns what a request has for a key in a header or a cookie: the first
// value of the header, or the last of the cookie, as most apps read it. It is
// empty if there is none.
func (k Key) Value(r Request) []byte {
	f, ok := k.field()
	if !ok {
		return nil
	}
	v, _ := f.value(r)
	return v
}

// Sole is Value for keys that clients must not be able to multiply. A request
// that has several different values has none: apps differ in which they read.
func (k Key) Sole(r Request) []byte {
	switch k.By {
	case KeyCookie:
		v, _ := r.SoleCookie(k.Name)
		return v
	case KeyHeader:
		first, at, ok := r.NextHeader(k.Name, 0)
		for ok {
			var v []byte
			if v, at, ok = r.NextHeader(k.Name, at); ok && !bytes.Equal(v, first) {
				return nil
			}
		}
		return first
	}
	return nil
}

// field returns the field that holds the key, if there is one.
func (k Key) field() (field, bool) {
	switch k.By {
	case KeyCookie:
		return field{inCookie, k.Name}, true
	case KeyHeader:
		return field{inHeader, k.Name}, true
	}
	return field{}, false
}
