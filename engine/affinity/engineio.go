package affinity

import "bytes"

// MaxHandshake is how many bytes at the start of an answer are searched for the
// id of a session of Engine.IO.
const MaxHandshake = 512

// EngineIO finds the id of a session at the start of the answer to an
// Engine.IO handshake by long polling: a packet of the type "open" whose JSON
// has a "sid". Protocol 4 sends the packet as it is, 0{"sid":"…"}. Protocol 3
// puts its length before it, in one of two ways: 97:0{"sid":"…"}, or a 0 byte,
// the digits as bytes from 0 to 9, and a byte 255.
//
// id is nil if there is none. Then more says that b may be the start of a
// handshake, whose id is still to come.
func EngineIO(b []byte) (id []byte, more bool) {
	more = len(b) < MaxHandshake
	b = b[:min(len(b), MaxHandshake)]
	packet, ok := openPacket(b)
	switch {
	case !ok:
		return nil, false
	case packet == nil:
		return nil, more
	}
	at := bytes.Index(packet, sidName)
	if at < 0 {
		return nil, more
	}
	rest := bytes.TrimLeft(packet[at+len(sidName):], " :")
	if len(rest) == 0 {
		return nil, more
	}
	if rest[0] != '"' {
		return nil, false
	}
	end := bytes.IndexAny(rest[1:], "\"\\")
	switch {
	case end < 0:
		return nil, more
	case end == 0 || rest[1+end] == '\\':
		return nil, false
	}
	return rest[1 : 1+end], false
}

// openPacket returns what follows the type of an "open" packet, or nil if that
// is still to come. ok says that b does not begin in another way.
func openPacket(b []byte) (packet []byte, ok bool) {
	b, ok = cutLength(b)
	if !ok || len(b) == 0 {
		return nil, ok
	}
	if b[0] != '0' {
		return nil, false
	}
	if len(b) == 1 {
		return nil, true
	}
	return b[1:], b[1] == '{'
}

// maxLength is how many digits the length of a handshake has at most.
const maxLength = 4

// cutLength removes the length that protocol 3 puts before a packet.
func cutLength(b []byte) (packet []byte, ok bool) {
	if len(b) == 0 {
		return nil, true
	}
	low, high, end, at := byte('0'), byte('9'), byte(':'), 0
	if b[0] == 0 {
		low, high, end, at = 0, 9, 255, 1
	}
	first := at
	for at < len(b) && at-first < maxLength && low <= b[at] && b[at] <= high {
		at++
	}
	switch {
	case at == len(b):
		return nil, true
	case b[at] == end && at > first:
		return b[at+1:], true
	case first == 0 && at <= 1:
		return b, true // a packet of protocol 4 begins with its type
	}
	return nil, false
}

var sidName = []byte(`"sid"`)
