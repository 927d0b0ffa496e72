package match

import "fmt"

// A Key is what identifies the requests of one client. The zero Key means none.
type Key struct {
	By   KeyKind
	Name string // of the cookie, or of the header in lower case
}

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
	return fmt.Sprintf("%s(%q)", k.By, k.Name)
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
