package http2

import (
	"golang.org/x/net/http2"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// isIdle reports whether the client has not begun a stream with that id yet, or cannot.
// The caller holds mu.
func (k *conn) isIdle(id uint32) bool { return id > k.top || id%2 == 0 }

// find returns the stream with an id; nil if there is none, or if it is closed. The caller
// holds mu.
func (k *conn) find(id uint32) *stream {
	if st := k.table[id]; st != nil && !st.closed {
		return st
	}
	return nil
}

// takeBlock acts on a header block: it begins a stream, or ends the body of one.
func (k *conn) takeBlock(t netloop.Task, b *block) error {
	k.mu.Lock()
	begins, err := k.begins(b)
	k.mu.Unlock()
	if !begins || err != nil {
		return err
	}
	st := k.s.streams.Get().(*stream)
	st.begin(k, b)
	k.mu.Lock()
	k.start(t, st)
	k.mu.Unlock()
	if k.isLeaving() {
		k.drain(false)
	}
	return nil
}

// begins reports whether a block begins a stream that is to be served. The caller holds
// mu.
func (k *conn) begins(b *block) (bool, error) {
	fault := func(code http2.ErrCode) (bool, error) {
		return false, http2.StreamError{StreamID: b.id, Code: code}
	}
	st := k.find(b.id)
	switch {
	case st != nil && st.remoteEnded:
		return fault(http2.ErrCodeStreamClosed)
	case st != nil && !b.isTrailers():
		return fault(http2.ErrCodeProtocol)
	case st != nil:
		st.endRemote()
		return false, nil
	case b.id%2 == 0:
		return false, http2.ConnectionError(http2.ErrCodeProtocol)
	case b.id <= k.top && k.isMute(b.id):
		return false, nil
	case b.id <= k.top:
		return false, http2.ConnectionError(http2.ErrCodeProtocol)
	}
	k.top = b.id
	if k.departure.lastSaid || k.ending {
		return false, nil // the client learns of it by GOAWAY
	}
	k.last = b.id
	switch {
	case !b.isHead():
		return fault(http2.ErrCodeProtocol)
	case k.open >= maxStreams:
		return fault(http2.ErrCodeRefusedStream)
	case len(k.waiting) >= maxWaiting:
		return false, http2.ConnectionError(http2.ErrCodeEnhanceYourCalm)
	}
	return true, nil
}

// maxWaiting is how many streams, including those that were reset, can wait until others
// have ended (CVE-2023-44487).
const maxWaiting = 4 * maxStreams

// start makes a stream one of the connection, and starts its job, or has it wait for the
// end of another one. The caller holds mu.
func (k *conn) start(t netloop.Task, st *stream) {
	if k.open == 0 {
		k.rest.end()
	}
	k.table[st.id] = st
	k.open++
	st.window = k.initial
	if k.jobs < maxStreams {
		k.startJob(t, st)
	} else {
		k.waiting = append(k.waiting, st)
	}
	if k.ending || k.departure.lastSaid && st.id > k.last {
		st.abandon()
	}
}

func (k *conn) startJob(t netloop.Task, st *stream) {
	k.jobs++
	k.serves(1)
	st.job = t.Go(st.run)
}

// startNext starts the next job that waits. The caller holds mu.
func (k *conn) startNext(t netloop.Task) {
	for len(k.waiting) > 0 && k.jobs < maxStreams {
		st := k.waiting[0]
		k.waiting[0] = nil
		k.waiting = k.waiting[1:]
		if st.closed {
			st.neverStarts()
		} else {
			k.startJob(t, st)
		}
	}
}

// neverStarts ends a stream that waits for its job. The caller holds mu.
func (st *stream) neverStarts() {
	st.ended = true
	st.k.tidy(st)
}

// serves counts a stream that begins or ends as a request. The caller holds mu.
func (k *conn) serves(n int) {
	if k.requests += n; k.requests == 0 && k.t.Stopping() {
		k.wake()
	}
}

// tunnel counts a stream that becomes a tunnel, or ends as one.
func (k *conn) tunnel(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.serves(-n)
}

// endRemote notes that the client has ended its side. The caller holds mu, and does not
// use the stream any more.
func (st *stream) endRemote() {
	st.remoteEnded = true
	st.body.end()
	st.k.tidy(st)
}

// tidy closes a stream that both sides have ended, and forgets one that nobody uses any
// more. A client that has its whole answer need not send the rest of its body (RFC 9113
// section 8.1). The caller holds mu, and does not use the stream any more.
func (k *conn) tidy(st *stream) {
	if !st.closed && st.localEnded {
		switch {
		case st.remoteEnded:
			st.close()
		case st.ended:
			k.sayReset(st.id, http2.ErrCodeNo)
			st.close()
		}
	}
	if st.closed && st.ended {
		delete(k.table, st.id)
		st.reset()
		k.s.streams.Put(st)
	}
}

// close notes that the stream is over for the client. The caller holds mu.
func (st *stream) close() {
	if st.closed {
		return
	}
	st.closed = true
	st.leaveQueue() // so that what is kept of closed streams is bounded by their jobs
	st.dropOut()
	st.k.open--
	st.k.rests()
}

// abandon ends the stream although something is missing: the request is told that its
// client is gone. The caller holds mu.
func (st *stream) abandon() {
	if st.closed {
		return
	}
	st.close()
	st.gone = true
	st.body.close()
	st.body.leave()
	if st.watching && st.job != nil {
		st.job.Cancel()
	}
	st.wakeTaker()
}

// abandonAll abandons all streams. The caller holds mu.
func (k *conn) abandonAll() {
	for _, st := range k.table {
		st.abandon()
		k.tidy(st)
	}
	for _, st := range k.waiting {
		st.neverStarts()
	}
	k.waiting = nil
}
