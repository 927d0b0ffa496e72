package http1

const (
	keyLen     = 24 // base64 of 16 bytes
	keyDigits  = 22 // of these, before the padding
	keyPadding = "=="
)

// isHandshake reports whether the head asks for a websocket as RFC 6455 §4.1
// wants it, and nothing else: a body behind it would be read as frames by one
// side and as a body by the other.
func (r *Request) isHandshake() bool {
	if r.Minor != 1 || !r.options.upgrade || string(r.Method) != "GET" || r.HasBody() {
		return false
	}
	var keys, versions, protocols int
	for i := range r.Fields {
		f := &r.Fields[i]
		switch f.Kind {
		case KindUpgrade:
			if !EqualFold(f.Value, "websocket") {
				return false
			}
			protocols++
		case KindSecWebSocketKey:
			if f.Drop || !validKey(f.Value) {
				return false
			}
			keys++
		case KindSecWebSocketVersion:
			if f.Drop || string(f.Value) != "13" {
				return false
			}
			versions++
		}
	}
	return protocols == 1 && keys == 1 && versions == 1
}

// validKey reports whether a Sec-WebSocket-Key is base64 of 16 bytes.
func validKey(key []byte) bool {
	if len(key) != keyLen || string(key[keyDigits:]) != keyPadding {
		return false
	}
	for _, c := range key[:keyDigits] {
		if nameClass[c] != tokenByte && c != '+' && c != '/' || c == '-' {
			return false
		}
	}
	return true
}
