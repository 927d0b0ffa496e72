package head

import "bytes"

const maxHostName = 255 // bytes, as in the DNS

// CheckHost sets Host from the target and the Host field. If required is set,
// there must be a field. A target in absolute-form overrides the field, as RFC
// 9112 §3.2.2 requires. The field's value becomes the same, so that there is
// only one answer to what the host is.
func (r *Request) CheckHost(required bool) *Error {
	switch {
	case !r.seen.Has(KindHost) && required:
		return errNoHost
	case !r.seen.Has(KindHost):
		r.Host = withoutEmptyPort(r.authority)
		return nil
	}
	field := &r.Fields[r.hostAt]
	if !ValidHost(field.Value) {
		return errHost
	}
	r.Host = field.Value
	if r.authority != nil {
		r.Host = r.authority
	}
	r.Host = withoutEmptyPort(r.Host)
	field.Value = r.Host
	return nil
}

// withoutEmptyPort removes a colon without a port from a valid host. RFC 3986
// §3.2.3 allows the colon but advises against it, and not every app treats it
// as the same host.
func withoutEmptyPort(host []byte) []byte { return bytes.TrimSuffix(host, []byte(":")) }

// ValidHost reports whether b is a name or address, optionally with a port,
// which may be empty. It is stricter than RFC 3986: it allows no user, no
// escapes, and only letters, digits and "-._~" in a name, because the host ends
// up in forwarded fields and in URLs that apps build. It allows no empty label,
// because in the DNS only the final label of a name can be empty.
func ValidHost(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	if b[0] == '[' {
		i := bytes.IndexByte(b, ']')
		return i > 0 && validIPv6(b[1:i]) && (i+1 == len(b) || validPort(b[i+1:]))
	}
	before := byte('.')
	for i, c := range b {
		if c == ':' {
			return i > 0 && validPort(b[i:])
		}
		if i == maxHostName || hostByte[c] == 0 || c == '.' && before == '.' {
			return false
		}
		before = c
	}
	return true
}

var hostByte = func() (class [256]uint8) {
	for c := range class {
		if NameClass[c] == TokenByte {
			class[c] = 1
		}
	}
	class['_'], class['~'] = 1, 1
	return class
}()

// validPort reports whether b is a colon followed by a number up to 65535 or by
// nothing.
func validPort(b []byte) bool {
	if b[0] != ':' || len(b) > 6 {
		return false
	}
	n := 0
	for _, c := range b[1:] {
		if !IsDigit(c) {
			return false
		}
		n = n*10 + int(c-'0')
	}
	return n <= 65535
}

// validIPv6 reports whether b is an address without a zone. (net/netip would
// need a string, and allocate its error.)
func validIPv6(b []byte) bool {
	groups, gap := 0, false
	for i := 0; i < len(b); {
		if b[i] == ':' {
			switch {
			case i+1 < len(b) && b[i+1] == ':' && !gap:
				gap = true
				i += 2
				continue
			case i == 0 || b[i-1] == ':' || i+1 == len(b):
				return false
			}
			i++
		}
		start := i
		for i < len(b) && i-start < 4 && HexValue[b[i]] != NotHex {
			i++
		}
		if i < len(b) && b[i] == '.' {
			return validIPv4(b[start:]) && complete(groups+2, gap)
		}
		if i == start || i < len(b) && b[i] != ':' {
			return false
		}
		groups++
	}
	return complete(groups, gap)
}

// complete reports whether that many groups make an address; "::" stands for
// at least one.
func complete(groups int, gap bool) bool {
	if gap {
		return groups < 8
	}
	return groups == 8
}

func validIPv4(b []byte) bool {
	for part := range 4 {
		n, digits, zero := 0, 0, len(b) > 0 && b[0] == '0'
		for len(b) > 0 && IsDigit(b[0]) && digits < 3 {
			n = n*10 + int(b[0]-'0')
			digits++
			b = b[1:]
		}
		if digits == 0 || n > 255 || zero && digits > 1 {
			return false
		}
		if part < 3 {
			if len(b) == 0 || b[0] != '.' {
				return false
			}
			b = b[1:]
		}
	}
	return len(b) == 0
}
