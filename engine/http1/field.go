package http1

import "bytes"

// A Field is one field line. Both slices point into the buffer that the head
// was parsed from.
type Field struct {
	Name  []byte // as it came, a token
	Value []byte // without the spaces around it; no control byte but tab
	Kind  Kind
	// Drop says that the field is never forwarded: it concerns one connection,
	// Connection names it, or an app could take its name for another.
	Drop bool
}

// find returns the first field of kind k that is not dropped, or nil.
func find(fields []Field, k Kind) *Field {
	for i := range fields {
		if fields[i].Kind == k && !fields[i].Drop {
			return &fields[i]
		}
	}
	return nil
}

// NextElement splits the first element off a comma-separated list, without
// the spaces around it. It does not know quoted strings. Empty elements are
// skipped, as RFC 9110 §5.6.1 wants; element is empty at the end of the list.
func NextElement(list []byte) (element, rest []byte) {
	for len(list) > 0 {
		i := bytes.IndexByte(list, ',')
		if i < 0 {
			i = len(list)
		}
		element = trim(list[:i])
		list = list[min(i+1, len(list)):]
		if len(element) > 0 {
			return element, list
		}
	}
	return nil, nil
}

// HasElement reports whether a comma-separated list holds an element, given
// in lower case, in any case.
func HasElement(list []byte, lower string) bool {
	for element, rest := NextElement(list); len(element) > 0; element, rest = NextElement(rest) {
		if EqualFold(element, lower) {
			return true
		}
	}
	return false
}
