package http2

import (
	"golang.org/x/net/http2"
)

// takeData takes a DATA frame. Its payload goes to the body as it comes, without a wait
// for the rest.
func (r *reader) takeData(fh http2.FrameHeader) error {
	left, pad := int(fh.Length), 0
	if fh.Flags.Has(http2.FlagDataPadded) {
		b, err := r.padding(fh)
		if err != nil {
			return err
		}
		left, pad = left-1-b, b
	}
	wanted, fault := r.k.admit(fh, left)
	if _, ok := fault.(http2.ConnectionError); ok {
		return fault
	}
	for left > 0 {
		part, err := r.src.some(left)
		if err != nil {
			return err
		}
		left -= len(part)
		if wanted {
			r.k.deliver(fh.StreamID, part)
		}
	}
	if err := r.src.skip(pad); err != nil {
		return err
	}
	if wanted && fh.Flags.Has(http2.FlagDataEndStream) {
		r.k.takeEnd(fh.StreamID)
	}
	return fault
}

// padding returns the length of the padding.
func (r *reader) padding(fh http2.FrameHeader) (int, error) {
	if fh.Length == 0 {
		return 0, http2.ConnectionError(http2.ErrCodeFrameSize)
	}
	b, err := r.src.some(1)
	if err != nil {
		return 0, err
	}
	pad := int(b[0])
	if pad >= int(fh.Length) {
		return 0, http2.ConnectionError(http2.ErrCodeProtocol)
	}
	return pad, nil
}

// admit counts a DATA frame with n bytes beside its padding in the windows, and reports
// whether its stream wants them. What it does not want, it gives back to the connection's
// window. The error is a ConnectionError, or a StreamError.
func (k *conn) admit(fh http2.FrameHeader, n int) (wanted bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	id, size := fh.StreamID, int64(fh.Length)
	switch {
	case id == noStream || k.isIdle(id):
		return false, http2.ConnectionError(http2.ErrCodeProtocol)
	case size > k.room:
		return false, http2.ConnectionError(http2.ErrCodeFlowControl)
	}
	k.room -= size
	st := k.find(id)
	if st == nil {
		k.giveBack(size)
		if k.isMute(id) {
			return false, nil
		}
		return false, http2.StreamError{StreamID: id, Code: http2.ErrCodeStreamClosed}
	}
	if code := st.admit(size, n); code != http2.ErrCodeNo {
		k.giveBack(size)
		return false, http2.StreamError{StreamID: id, Code: code}
	}
	padding := size - int64(n)
	k.giveBack(padding)
	st.giveBack(padding)
	return true, nil
}

// admit counts a DATA frame in the window of the stream, and returns what is wrong with
// it. The caller holds mu.
func (st *stream) admit(size int64, n int) http2.ErrCode {
	switch {
	case st.remoteEnded:
		return http2.ErrCodeStreamClosed
	case size > st.room:
		return http2.ErrCodeFlowControl
	case !st.body.expects(n):
		return http2.ErrCodeProtocol
	}
	st.room -= size
	return http2.ErrCodeNo
}

// deliver gives a part of a body to its stream.
func (k *conn) deliver(id uint32, part []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if st := k.find(id); st == nil || !st.body.put(part) {
		k.giveBack(int64(len(part)))
	}
}

// takeEnd notes that the client has ended its side of a stream.
func (k *conn) takeEnd(id uint32) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if st := k.find(id); st != nil {
		st.endRemote()
	}
}

// Windows for what the client sends. One slow upload leaves room in the connection's
// window for others. The client is told of what was taken once it is a part of the window.
const (
	connWindow   = 1 << 20
	streamWindow = 256 << 10
	connRefill   = connWindow / 16
	streamRefill = streamWindow / 8
)

// giveBack gives n bytes of the connection's window back to the client. The caller holds
// mu.
func (k *conn) giveBack(n int64) {
	if k.owed += n; k.owed >= connRefill && !k.over {
		k.control = appendWindow(k.control, noStream, k.owed)
		k.room += k.owed
		k.owed = 0
		k.wake()
	}
}

// giveBack gives n bytes of the stream's window back to the client, which may use them
// if it has not ended its side. The caller holds mu.
func (st *stream) giveBack(n int64) {
	if st.owed += n; st.owed >= streamRefill && !st.remoteEnded && !st.closed && !st.body.closed {
		st.k.control = appendWindow(st.k.control, st.id, st.owed)
		st.room += st.owed
		st.owed = 0
		st.k.wake()
	}
}
