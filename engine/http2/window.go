package http2

import "golang.org/x/net/http2"

// takeWindow widens the window for what is sent, of a stream or of the connection.
func (k *conn) takeWindow(id uint32, n int64) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if id == noStream {
		if k.window+n > maxWindow {
			return http2.ConnectionError(http2.ErrCodeFlowControl)
		}
		if k.window += n; k.parched.first != nil {
			k.ring.add(&k.parched)
			k.wake()
		}
		return nil
	}
	if k.isIdle(id) {
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	st := k.find(id)
	if st == nil {
		return nil
	}
	if st.window+n > maxWindow {
		return http2.StreamError{StreamID: id, Code: http2.ErrCodeFlowControl}
	}
	st.widen(n)
	return nil
}

// changeWindows makes another window the initial one, and changes those of all streams
// by the difference. They can become negative (RFC 9113 section 6.9.2). The caller holds
// mu.
func (k *conn) changeWindows(initial int64) error {
	by := initial - k.initial
	k.initial = initial
	if by == 0 {
		return nil
	}
	for _, st := range k.table {
		if st.closed {
			continue
		}
		if st.window+by > maxWindow {
			return http2.ConnectionError(http2.ErrCodeFlowControl)
		}
		st.widen(by)
	}
	return nil
}

// widen changes the window of the stream. The caller holds mu.
func (st *stream) widen(by int64) {
	st.window += by
	if st.window > 0 && st.at < len(st.out) {
		st.k.enqueue(st)
	}
}

// A queue is a list of streams that are not closed, each of which is in one queue at
// most.
type queue struct{ first, last *stream }

// push puts a stream, which is in no queue, at the end.
func (q *queue) push(st *stream) {
	st.in, st.before = q, q.last
	if q.last == nil {
		q.first = st
	} else {
		q.last.behind = st
	}
	q.last = st
}

// pop takes the first stream; nil if there is none.
func (q *queue) pop() *stream {
	st := q.first
	st.leaveQueue()
	return st
}

// leaveQueue takes the stream out of its queue, if it is in one. The caller holds mu.
func (st *stream) leaveQueue() {
	if st == nil || st.in == nil {
		return
	}
	if st.before == nil {
		st.in.first = st.behind
	} else {
		st.before.behind = st.behind
	}
	if st.behind == nil {
		st.in.last = st.before
	} else {
		st.behind.before = st.before
	}
	st.in, st.before, st.behind = nil, nil, nil
}

// add moves all of another queue behind q.
func (q *queue) add(other *queue) {
	for st := other.pop(); st != nil; st = other.pop() {
		q.push(st)
	}
}
