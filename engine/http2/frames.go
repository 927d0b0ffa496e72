package http2

import "encoding/binary"

// Frame types (RFC 9113 section 6).
const (
	frameData         = 0x0
	frameHeaders      = 0x1
	frameRSTStream    = 0x3
	frameSettings     = 0x4
	frameGoAway       = 0x7
	frameWindowUpdate = 0x8
	frameContinuation = 0x9
	noFrame           = 0xff // of the preface
)

const (
	flagEndStream  = 0x1
	flagEndHeaders = 0x4
	flagPadded     = 0x8
)

const (
	frameHeaderLen = 9
	prefaceLen     = 24 // of what a client sends before its first frame
)

// A frames follows one direction of a connection, of which it sees all bytes,
// and knows where frames begin and end.
type frames struct {
	head  [frameHeaderLen]byte
	n     int  // bytes of head that have come
	left  int  // bytes of the preface or the payload that are still to come
	block bool // the last frame is one of several that hold one header block
	pad   bool // the length of the padding of a DATA frame is still to come

	kept    [maxKeptFrame]byte // the payload of a frame about windows or a reset, as it comes
	keeping bool
	window  int64 // by which the frames since take have opened the window of the connection
	initial int64 // one more than the window of a stream that the last SETTINGS have named; 0 = none have

	last   uint32 // the highest stream that a frame was about
	goAway bool   // a GOAWAY has begun

	idle    int // frames since take that move nothing: no head, no data
	heads   int // heads since take
	payload int // bytes of bodies since take

	faults int    // what the resets since then cost that the other end has provoked
	reset  uint32 // the stream of the last reset
}

// expectPreface makes the preface of a client come first.
func (f *frames) expectPreface() { f.left, f.head[3] = prefaceLen, noFrame }

// scan takes the next bytes.
func (f *frames) scan(p []byte) {
	for len(p) > 0 {
		if f.left > 0 {
			if f.pad {
				f.pad = false
				f.data(f.left - 1 - int(p[0]))
			}
			n := min(f.left, len(p))
			if f.keeping {
				copy(f.kept[f.length()-f.left:], p[:n])
			}
			if f.left, p = f.left-n, p[n:]; f.left == 0 && f.keeping {
				f.takeKept(f.kept[:f.length()])
			}
			continue
		}
		n := copy(f.head[f.n:], p)
		f.n, p = f.n+n, p[n:]
		if f.n == frameHeaderLen {
			f.begin()
		}
	}
}

// begin looks at the header of a frame.
func (f *frames) begin() {
	f.n = 0
	f.left = f.length()
	f.last = max(f.last, f.stream())
	kind, flags := f.head[3], f.head[4]
	f.keeping = kind == frameRSTStream || (kind == frameSettings || kind == frameWindowUpdate) && f.stream() == 0
	f.keeping = f.keeping && f.left <= maxKeptFrame
	f.block = (kind == frameHeaders || kind == frameContinuation) && flags&flagEndHeaders == 0
	switch kind {
	case frameData:
		if f.pad = flags&flagPadded != 0 && f.left > 0; !f.pad {
			f.data(f.left)
		}
	case frameHeaders:
		f.heads++
	case frameRSTStream:
		f.idle += resetCost
	case frameGoAway:
		f.goAway = true
		f.idle++
	default:
		f.idle++
	}
}

// data counts a DATA frame with n bytes beside its padding. One without any moves
// nothing unless it ends its stream.
func (f *frames) data(n int) {
	f.payload += max(n, 0)
	if n <= 0 && f.head[4]&flagEndStream == 0 {
		f.idle++
	}
}

func (f *frames) length() int    { return int(f.head[0])<<16 | int(f.head[1])<<8 | int(f.head[2]) }
func (f *frames) stream() uint32 { return binary.BigEndian.Uint32(f.head[5:]) &^ (1 << 31) }

// takeKept takes the payload of a frame that can change windows, or of a reset. One
// that is malformed, net/http refuses.
func (f *frames) takeKept(payload []byte) {
	switch f.head[3] {
	case frameWindowUpdate:
		if len(payload) == 4 {
			f.window += int64(binary.BigEndian.Uint32(payload) &^ (1 << 31))
		}
		return
	case frameRSTStream:
		if len(payload) == 4 {
			f.blame(binary.BigEndian.Uint32(payload))
		}
		return
	}
	for ; len(payload) >= settingLen; payload = payload[settingLen:] {
		if binary.BigEndian.Uint16(payload) == settingInitialWindow {
			f.initial = int64(binary.BigEndian.Uint32(payload[2:])) + 1
		}
	}
}

// blame counts a reset with a code that says that the other end has made an error.
// Those without an error, and those because of an internal one, are our own. A further
// reset of a stream takes back nothing: parts of a body can still be on their way when
// their stream ends.
func (f *frames) blame(code uint32) {
	again := f.reset == f.stream()
	f.reset = f.stream()
	switch {
	case code == codeNone || code == codeInternal:
	case again:
		f.faults++
	default:
		f.faults += resetCost
	}
}

// between reports whether a frame can be put in here: not within a frame or a
// header block.
func (f *frames) between() bool { return f.n == 0 && f.left == 0 && !f.block }

// inBody reports whether the frame that has begun is a part of a body.
func (f *frames) inBody() bool { return f.n == 0 && f.left > 0 && f.head[3] == frameData && !f.block }

// take returns what was counted since the last call.
func (f *frames) take() (idle, heads, payload int) {
	idle, heads, payload = f.idle, f.heads, f.payload
	f.idle, f.heads, f.payload = 0, 0, 0
	return idle, heads, payload
}

// Settings (RFC 9113 section 6.5).
const (
	settingLen           = 6
	settingInitialWindow = 0x4
	defaultWindow        = 65_535
	maxKeptFrame         = 20 * settingLen // of the frames whose payload is looked at
)

// Error codes (RFC 9113 section 7).
const (
	codeNone            = 0x0
	codeInternal        = 0x2
	codeEnhanceYourCalm = 0xb
)

// everyStream is the last stream of a GOAWAY frame that rejects none.
const everyStream = 1<<31 - 1

// goAway returns a GOAWAY frame that rejects the streams after the last one.
func goAway(last, code uint32) []byte {
	f := make([]byte, frameHeaderLen+8)
	f[2], f[3] = 8, frameGoAway
	binary.BigEndian.PutUint32(f[frameHeaderLen:], last)
	binary.BigEndian.PutUint32(f[frameHeaderLen+4:], code)
	return f
}
