package http2

import "time"

// partSize is how much of a body is written at a time. A client that takes this
// much is not stalled.
const partSize = 8 << 10

// A portion is what the handler has to write.
type portion struct {
	interims []answerHead
	head     bool
	out      []byte
	whole    bool
	done     bool
	sent     int64 // bytes of the body, with out
	cut      bool
}

// cutTime is how long a client has to take what there is of an answer that is cut.
const cutTime = time.Second

// take takes what there is to write, and reports whether there is something. done
// says that nothing follows.
func (st *stream) take() (p portion, ok bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.writing = false
	p.done = st.ended || st.closed
	if st.gone {
		return p, false
	}
	p.cut = st.cut
	p.interims, p.out, p.sent = st.interims, st.out, st.sent
	p.whole = st.whole && p.done
	p.head = st.begun && !st.writer.head
	ok = len(p.interims) > 0 || p.head || len(p.out) > 0
	if ok {
		st.lent = st.lent || cap(p.out) == smallSize
		st.interims, st.out = nil, nil
		st.writing = true
	}
	return p, ok
}

// pass writes what there is of the answer, and returns true if the handler is done.
func (st *stream) pass() bool {
	for {
		p, ok := st.take()
		if !ok {
			if p.whole {
				st.writer.trailers(st.trailers)
			}
			return p.done
		}
		st.write(&p)
	}
}

// write writes a portion.
func (st *stream) write(p *portion) {
	if p.cut {
		st.writer.limit(time.Now().Add(cutTime))
	}
	for i := range p.interims {
		st.writer.interim(&p.interims[i])
	}
	if p.head {
		st.writer.final(&st.answer) // which does not change any more
	}
	for rest := p.out; len(rest) > 0; {
		if p.done && !p.cut && !st.k.isGenerous(p.sent) {
			st.writer.limit(time.Now().Add(st.s.p.Stall()))
		}
		n, err := st.writer.w.Write(rest[:min(len(rest), partSize)])
		if err != nil {
			break // the stream has ended; its context tells
		}
		rest = rest[n:]
		st.tookSome(n)
	}
	if (!p.done || p.cut) && (p.head || len(p.out) > 0) {
		st.writer.flush()
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.putOut(p.out)
	st.wakeTaker()
}

// tookSome notes that the client has taken some of the answer.
func (st *stream) tookSome(n int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.taken += int64(n)
	st.wakeTaker()
}
