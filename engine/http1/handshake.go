package http1

import "github.com/ldcorn/ldcorn/engine/head"

const (
	keyLen     = 24 // base64 of 16 bytes
	keyDigits  = 22 // of which precede the padding
	keyPadding = "=="
)

// webSocketVersion is the version of RFC 6455, the only one that servers
// accept.
const webSocketVersion = "13"

// handshake finds out whether the head is a websocket handshake according to
// RFC 6455 §4.1, and nothing else. It refuses a handshake that is wrong:
// without its Upgrade it would be an ordinary GET that no app expects. It
// ignores an Upgrade to anything else, which is dropped with the other
// hop-by-hop fields.
func (r *Request) handshake() *head.Error {
	if !r.Seen().Has(head.KindUpgrade) && !r.Seen().Has(head.KindSecWebSocketKey) {
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

// An opening counts what the fields of a head say about a websocket.
type opening struct {
	upgrades int // Upgrade fields
	sockets  int // Upgrade fields that name a websocket
	pure     int // Upgrade fields that name nothing else
	keys     int
	goodKeys int
	versions int
	known    int // versions that we support
}

func (h *opening) read(fields []head.Field) {
	for i := range fields {
		f := &fields[i]
		switch f.Kind {
		case head.KindUpgrade:
			h.upgrades++
			h.sockets += count(head.HasElement(f.Value, "websocket"))
			h.pure += count(head.EqualFold(f.Value, "websocket"))
		case head.KindSecWebSocketKey:
			h.keys++
			h.goodKeys += count(!f.Drop && validKey(f.Value))
		case head.KindSecWebSocketVersion:
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

// tries reports whether the head comes from a client that wants a websocket,
// even if something changed the head on its way.
func (h *opening) tries(r *Request) bool {
	if h.sockets > 0 {
		return r.options.upgrade || h.keys > 0 || h.versions > 0
	}
	// Only websocket clients send a key, so a proxy has removed the Upgrade.
	return h.upgrades == 0 && h.keys > 0 && string(r.Method) == "GET"
}

// check returns what is wrong with a handshake. It checks first for damage by a
// proxy in front.
func (h *opening) check(r *Request) *head.Error {
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
		return errSocketBody // one side would read the body as frames
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
		if head.NameClass[c] != head.TokenByte && c != '+' && c != '/' || c == '-' || c == '.' {
			return false
		}
	}
	return true
}
