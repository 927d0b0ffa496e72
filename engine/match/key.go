package match

import "fmt"

// A Key is what requests of one client are known by. The zero Key is none.
type Key struct {
	By   KeyKind
	Name string // of the cookie, or of the header in lower case
}

// KeyKind says where a Key is found.
type KeyKind string

// The kinds of key.
const (
	KeyNone     KeyKind = ""
	KeyCookie   KeyKind = "by_cookie"
	KeyHeader   KeyKind = "by_header"
	KeyClientIP KeyKind = "by_client_ip"
)

// KeyForms are the ways to write a key.
const KeyForms = `by_cookie("name"), by_header("name") or by_client_ip()`

// String writes the key as the configuration does.
func (k Key) String() string {
	switch k.By {
	case KeyNone:
		return "None"
	case KeyClientIP:
		return string(k.By) + "()"
	}
	return fmt.Sprintf("%s(%q)", k.By, k.Name)
}

// field returns the field that has the key, if a field has it.
func (k Key) field() (field, bool) {
	switch k.By {
	case KeyCookie:
		return field{inCookie, k.Name}, true
	case KeyHeader:
		return field{inHeader, k.Name}, true
	}
	return field{}, false
}
