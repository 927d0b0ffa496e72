package http1

const (
	keyLen     = 24 // base64 of 16 bytes
	keyDigits  = 22 // of these, before the padding
	keyPadding = "=="
)

// webSocketVersion is the one of RFC 6455. There is no other that a server
// takes.
const webSocketVersion = "13"

// handshake finds out whether the head asks for a websocket as RFC 6455 §4.1
// wants it, and nothing else. One that tries and is wrong is refused: without
// its Upgrade it would be a plain GET that no app expects. An Upgrade to
// something else is no concern of ours, and goes with the other fields of the
// hop.
func (r *Request) handshake() *Error {
	if !r.seen.Has(KindUpgrade) && !r.seen.Has(KindSecWebSocketKey) {
		return nil
	}
	var h opening
	h.read(r.Fields)
	if !h.tries(r) {
		return nil
	}
	err := h.check(r)
	r.Upgrade = err == nil
	return err
}

// An opening is what the fields of a head say of a websocket.
type opening struct {
	upgrades int // Upgrade fields
	sockets  int // those that name a websocket
	pure     int // those that name nothing else
	keys     int
	goodKeys int
	versions int
	known    int // versions that we have
}

func (h *opening) read(fields []Field) {
	for i := range fields {
		f := &fields[i]
		switch f.Kind {
		case KindUpgrade:
			h.upgrades++
			h.sockets += count(HasElement(f.Value, "websocket"))
			h.pure += count(EqualFold(f.Value, "websocket"))
		case KindSecWebSocketKey:
			h.keys++
			h.goodKeys += count(!f.Drop && validKey(f.Value))
		case KindSecWebSocketVersion:
			h.versions++
			h.known += count(!f.Drop && string(f.Value) == webSocketVersion)
		}
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// tries reports whether the head is one of a client that wants a websocket,
// whatever has become of it on its way.
func (h *opening) tries(r *Request) bool {
	if h.sockets > 0 {
		return r.options.upgrade || h.keys > 0 || h.versions > 0
	}
	// Only a websocket's client sends a key: a proxy has removed the Upgrade.
	return h.upgrades == 0 && h.keys > 0 && string(r.Method) == "GET"
}

// check says what is wrong with a handshake. What a proxy in front has done to
// it comes first.
func (h *opening) check(r *Request) *Error {
	switch {
	case r.Minor == 0:
		return errSocket10
	case h.sockets == 0:
		return errSocketUpgrade
	case !r.options.upgrade:
		return errSocketConn
	case string(r.Method) != "GET":
		return errSocketMethod
	case r.HasBody():
		return errSocketBody // one side would read it as frames
	case h.upgrades != 1 || h.pure != 1:
		return errSocketOther
	case h.versions != 1 || h.known != 1:
		return errSocketVersion
	case h.keys != 1 || h.goodKeys != 1:
		return errSocketKey
	}
	return nil
}

// validKey reports whether a Sec-WebSocket-Key is base64 of 16 bytes.
func validKey(key []byte) bool {
	if len(key) != keyLen || string(key[keyDigits:]) != keyPadding {
		return false
	}
	for _, c := range key[:keyDigits] {
		if nameClass[c] != tokenByte && c != '+' && c != '/' || c == '-' || c == '.' {
			return false
		}
	}
	return true
}
