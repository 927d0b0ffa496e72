package http2

import (
	"io"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/proxy"
)

// A body is the body of a request, as far as it has come and was not taken. What is
// taken, the client gets back as a part of its windows. All but init is guarded by the
// connection's mu.
type body struct {
	st     *stream
	none   bool  // the request has no body
	left   int64 // bytes that the client has not begun to send; -1 = not known
	coming int   // bytes of a frame that has begun
	parts  []*[bodySize]byte
	at, to int          // where in the first part it begins, and in the last one it ends
	size   int          // bytes in parts
	err    error        // what follows the parts; nil = more can come
	gone   bool         // the client is
	closed bool         // nobody takes anything any more
	reader netloop.Task // waits for something to take; nil = it does not wait
}

func (b *body) init(st *stream) { b.st = st }

// begin makes it the body of a request. length is -1 if it is not known.
func (b *body) begin(none bool, length int64) {
	*b = body{st: b.st, parts: b.parts[:0], none: none, left: length}
	if none {
		b.err = io.EOF
	}
}

// expects reports whether a frame with n more bytes can come, and counts them.
func (b *body) expects(n int) bool {
	if b.left >= 0 {
		if b.left -= int64(n); b.left < 0 {
			return false
		}
	}
	b.coming = n
	return true
}

// put takes bytes that have come. It returns false if nobody wants them.
func (b *body) put(p []byte) bool {
	if b.closed || b.gone {
		return false
	}
	b.coming -= len(p)
	for b.size += len(p); len(p) > 0; {
		if len(b.parts) == 0 || b.to == bodySize {
			b.parts = append(b.parts, b.st.s.bodies.Get().(*[bodySize]byte))
			b.to = 0
		}
		n := copy(b.parts[len(b.parts)-1][b.to:], p)
		b.to, p = b.to+n, p[n:]
	}
	b.wake()
	return true
}

// end notes that the client has sent all.
func (b *body) end() {
	if b.err == nil {
		b.err = io.EOF
		if b.left > 0 {
			b.err = &proxy.BodyError{Status: errBodyLength.Status, Reason: errBodyLength.Reason}
		}
		b.wake()
	}
}

// leave notes that the client is gone.
func (b *body) leave() {
	b.gone = true
	b.wake()
}

// close drops what was not taken.
func (b *body) close() {
	b.closed = true
	for i, part := range b.parts {
		b.st.s.bodies.Put(part)
		b.parts[i] = nil
	}
	b.st.k.giveBack(int64(b.size))
	b.parts, b.size, b.at, b.to = b.parts[:0], 0, 0, 0
}

// wake wakes the task that waits.
func (b *body) wake() {
	if t := b.reader; t != nil {
		b.reader = nil
		t.Wake()
	}
}

// await waits in a task until there is something to take. It locks mu itself.
func (b *body) await(t netloop.Task, wait time.Duration) error {
	mu := &b.st.k.mu
	mu.Lock()
	defer mu.Unlock()
	until := t.Now().Add(wait)
	for b.size == 0 && b.err == nil && !b.gone {
		b.reader = t
		mu.Unlock()
		err := t.Park(until)
		mu.Lock()
		b.reader = nil
		if err != nil {
			return err
		}
	}
	return nil
}

// read takes some of what has come. It locks mu itself.
func (b *body) read(p []byte) (n int, whole bool, err error) {
	mu := &b.st.k.mu
	mu.Lock()
	defer mu.Unlock()
	for n < len(p) && b.size > 0 {
		m := b.readPart(p[n:])
		n += m
		b.size -= m
	}
	if n == 0 {
		return 0, b.err == io.EOF && !b.gone, b.fault()
	}
	b.st.k.giveBack(int64(n))
	b.st.giveBack(int64(n))
	return n, b.size == 0 && (b.left == 0 && b.coming == 0 || b.err == io.EOF), nil
}

// readPart takes some of the first part.
func (b *body) readPart(p []byte) int {
	first, end := b.parts[0], bodySize
	if len(b.parts) == 1 {
		end = b.to
	}
	n := copy(p, first[b.at:end])
	if b.at += n; b.at == end {
		b.st.s.bodies.Put(first)
		last := copy(b.parts, b.parts[1:])
		b.parts[last] = nil
		b.parts, b.at = b.parts[:last], 0
	}
	return n
}

// fault returns the error of a client that sends no more.
func (b *body) fault() error {
	switch {
	case b.gone:
		return netloop.ErrGone
	case b.err == io.EOF:
		return nil
	}
	return b.err
}
