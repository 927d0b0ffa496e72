package http2

import (
	"errors"

	"golang.org/x/net/http2"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// outSize is how many bytes are sent at a time: two frames of answers, and some control.
const outSize = 2*maxFrame + 2<<10

// minData is the room from which a DATA frame is worth its header.
const minData = 512

// errOver says that there is nothing more to send.
var errOver = errors.New("the connection is over")

// next waits until there is something to do, and returns what is to be sent, which can
// be nothing, and the memory that it is in, to be put back.
func (k *conn) next() (out []byte, room *[outSize]byte, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.checkTimes()
	if k.lost {
		return nil, nil, errOver
	}
	if out, room = k.compose(); room != nil {
		return out, room, nil
	}
	if k.ending || k.isComplete() {
		return nil, nil, errOver
	}
	until := k.nextTime()
	k.parked = true
	k.mu.Unlock()
	err = k.t.Park(until)
	k.mu.Lock()
	k.parked = false
	if err == netloop.ErrTimeout {
		err = nil
	}
	return nil, nil, err
}

// compose takes what is to be sent: first control, and then a frame of each stream in
// turn, as far as there is room. It returns nothing if there is nothing. The caller holds
// mu.
func (k *conn) compose() (out []byte, room *[outSize]byte) {
	if len(k.control) == 0 && (k.ring.first == nil || k.ending) {
		return nil, nil
	}
	room = k.s.outs.Get().(*[outSize]byte)
	out = append(room[:0], k.control...)
	if k.control = k.control[:0]; cap(k.control) > maxControl {
		k.control = nil
	}
	k.letRead()
	for !k.ending && len(out) < outSize-minData {
		st := k.ring.pop()
		if st == nil {
			break
		}
		out = k.send(out, st)
	}
	return out, room
}

// send appends what a stream has to send: at most one frame of its body.
func (k *conn) send(out []byte, st *stream) []byte {
	if !st.closed {
		out = st.appendHeads(out)
		out = st.appendBody(out)
		out = st.appendEnd(out)
	}
	k.tidy(st)
	return out
}

// enqueue has the stream send what it has. The caller holds mu.
func (k *conn) enqueue(st *stream) {
	if st.in == nil && !st.closed && !k.ending {
		k.ring.push(st)
		k.wake()
	}
}

// appendHeads appends the heads of the answer that were not sent.
func (st *stream) appendHeads(out []byte) []byte {
	e := &st.k.encoder
	if len(st.interims) > 0 {
		for i := range st.interims {
			out = appendBlock(out, st.id, e.encode(&st.interims[i]), false)
		}
		st.interims = st.interims[:0]
		st.wakeTaker()
	}
	if st.begun && !st.headSent {
		st.headSent = true
		st.localEnded = st.isWhole() && !st.cut && len(st.out) == 0 && len(st.trailers) == 0
		out = appendBlock(out, st.id, e.encode(&st.answer), st.localEnded)
	}
	return out
}

// isWhole reports whether nothing follows what there is of the answer.
func (st *stream) isWhole() bool { return st.whole || st.noMore || st.ended }

// appendBody appends a frame of the body, if the windows have room for it. Whoever has
// more to send, and may, comes to the end of the ring.
func (st *stream) appendBody(out []byte) []byte {
	k, rest := st.k, st.out[st.at:]
	if len(rest) == 0 {
		return out
	}
	n := int(min(int64(len(rest)), int64(maxFrame), st.window, k.window, int64(outSize-frameHeaderLen-len(out))))
	if n > 0 {
		st.localEnded = n == len(rest) && st.isWhole() && !st.cut && len(st.trailers) == 0
		out = appendData(out, st.id, rest[:n], st.localEnded)
		st.window -= int64(n)
		k.window -= int64(n)
		k.paid += n
		st.took(n)
	}
	if n < len(rest) && st.ended && st.limit == 0 {
		st.limitRest(k.t.Now())
	}
	switch {
	case n == len(rest) || st.window <= 0:
	case k.window <= 0:
		k.parched.push(st)
	default:
		k.ring.push(st)
	}
	return out
}

// appendEnd appends what ends the stream, once all else was sent.
func (st *stream) appendEnd(out []byte) []byte {
	switch {
	case st.localEnded || st.at < len(st.out):
	case st.cut:
		st.k.sayReset(st.id, http2.ErrCodeInternal)
		st.abandon()
	case !st.isWhole() || !st.begun:
	case len(st.trailers) > 0:
		out = appendBlock(out, st.id, st.k.encoder.encodeLines(st.trailers), true)
		st.localEnded = true
	default:
		out = appendData(out, st.id, nil, true)
		st.localEnded = true
	}
	return out
}
