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

// A queue is a list of streams, each of which is in one queue at most.
type queue struct{ first, last *stream }

func (q *queue) push(st *stream) {
	if q.last == nil {
		q.first = st
	} else {
		q.last.next = st
	}
	q.last = st
}

func (q *queue) pop() *stream {
	st := q.first
	if st != nil {
		if q.first = st.next; q.first == nil {
			q.last = nil
		}
		st.next = nil
	}
	return st
}

// add moves all of another queue behind q.
func (q *queue) add(other *queue) {
	switch {
	case other.first == nil:
		return
	case q.last == nil:
		q.first = other.first
	default:
		q.last.next = other.first
	}
	q.last = other.last
	*other = queue{}
}
