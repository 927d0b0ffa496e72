package head

import "bytes"

// A Field is one field line. Both slices point into the buffer that the head
// was parsed from.
type Field struct {
	Name  []byte // as received, a token
	Value []byte // without surrounding spaces; contains no control bytes except tabs
	Kind  Kind
	// Drop means that the field is never forwarded: it applies to one
	// connection, Connection names it, or an app could mistake its name for
	// another.
	Drop bool
}

// Find returns the first field of kind k that is not dropped, or nil.
func Find(fields []Field, k Kind) *Field {
	for i := range fields {
		if fields[i].Kind == k && !fields[i].Drop {
			return &fields[i]
		}
	}
	return nil
}

// NextElement splits the first element off a comma-separated list and removes
// the spaces around it. It does not understand quoted strings. It skips empty
// elements, as RFC 9110 §5.6.1 requires; element is empty at the end of the
// list.
func NextElement(list []byte) (element, rest []byte) {
	for len(list) > 0 {
		i := bytes.IndexByte(list, ',')
		if i < 0 {
			i = len(list)
		}
		element = Trim(list[:i])
		list = list[min(i+1, len(list)):]
		if len(element) > 0 {
			return element, list
		}
	}
	return nil, nil
}

// HasElement reports whether a comma-separated list contains an element in any
// case. The element must be given in lower case.
func HasElement(list []byte, lower string) bool {
	for element, rest := NextElement(list); len(element) > 0; element, rest = NextElement(rest) {
		if EqualFold(element, lower) {
			return true
		}
	}
	return false
}
