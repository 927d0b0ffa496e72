package http2

// Frame types (RFC 9113 section 6).
const (
	frameData         = 0x0
	frameHeaders      = 0x1
	frameRSTStream    = 0x3
	frameContinuation = 0x9
	noFrame           = 0xff // of the preface
)

const (
	flagEndStream  = 0x1
	flagEndHeaders = 0x4
	flagPadded     = 0x8
)

const prefaceLen = 24 // of what a client sends before its first frame

// A frames follows the bytes that come from a client, of which it sees all, and knows
// where frames begin and end, even while one is incomplete.
type frames struct {
	head  [frameHeaderLen]byte
	n     int  // bytes of head that have come
	left  int  // bytes of the preface or the payload that are still to come
	block bool // the last frame is one of several that hold one header block
	pad   bool // the length of the padding of a DATA frame is still to come

	idle    int // frames since take that move nothing: no head, no data
	heads   int // heads since take
	payload int // bytes of bodies since take
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
			f.left, p = f.left-n, p[n:]
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
	kind, flags := f.head[3], f.head[4]
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

func (f *frames) length() int { return int(f.head[0])<<16 | int(f.head[1])<<8 | int(f.head[2]) }

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
