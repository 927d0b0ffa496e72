package http2

import (
	"net/netip"
	"time"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/proxy"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

var _ proxy.Client = (*stream)(nil)

// Peer returns the client's end of the connection.
func (st *stream) Peer() netip.Addr { return st.k.c.Peer().Addr() }

// Port returns the port that the client has connected to.
func (st *stream) Port() string { return st.k.c.Port() }

// Anonymous reports whether the peer passes on bytes of a client that it does not name.
func (st *stream) Anonymous() bool { return st.k.c.Anonymous() }

// Listener returns the listener of the connection.
func (st *stream) Listener() *netloop.Listener { return st.k.c.Listener() }

// Session returns the TLS session of the connection, or nil.
func (st *stream) Session() *tlslayer.Session { return tlslayer.SessionOf(st.k.c) }

// Watch cancels the job once the stream or its connection has ended.
func (st *stream) Watch(netloop.Task) {
	st.k.mu.Lock()
	defer st.k.mu.Unlock()
	if st.watching = true; st.gone && st.job != nil {
		st.job.Cancel()
	}
}

// Unwatch ends the watch.
func (st *stream) Unwatch(t netloop.Task) {
	st.k.mu.Lock()
	st.watching = false
	st.k.mu.Unlock()
	t.Watch(nil, nil)
}

// First is empty: the parts of a body come after the head.
func (st *stream) First() (part []byte, whole bool, err error) {
	return nil, st.socket || st.body.none, nil
}

// AskForBody says 100 Continue to a client that waits for it.
func (st *stream) AskForBody(netloop.Task) {
	st.k.mu.Lock()
	defer st.k.mu.Unlock()
	if !st.head.ExpectContinue || st.asked || st.begun || st.gone || st.body.size > 0 || st.body.err != nil {
		return
	}
	st.asked = true
	st.interims = append(st.interims, answerHead{status: 100, length: -1})
	st.k.enqueue(st)
}

// AwaitBody waits for more of the body.
func (st *stream) AwaitBody(t netloop.Task, wait time.Duration) error {
	return st.body.await(t, wait)
}

// ReadBody reads a part of the body.
func (st *stream) ReadBody(t netloop.Task, p []byte, wait time.Duration) (n int, whole bool, err error) {
	if err := st.body.await(t, wait); err != nil {
		return 0, false, err
	}
	return st.body.read(p)
}

// SpliceBody leaves it to ReadBody.
func (st *stream) SpliceBody(netloop.Task, netloop.Conn, time.Duration, time.Duration) (int64, bool, error, error) {
	return 0, false, netloop.ErrNoSplice, nil
}

// maxInterims is how many interim answers can wait for the client.
const maxInterims = 4

// SendInterim sends an interim answer.
func (st *stream) SendInterim(t netloop.Task, h *proxy.AnswerHead) error {
	st.k.mu.Lock()
	defer st.k.mu.Unlock()
	if err := st.awaitTaken(t, func() bool { return len(st.interims) < maxInterims }); err != nil {
		return err
	}
	var a answerHead
	a.compose(h)
	a.length = -1
	st.interims = append(st.interims, a)
	st.k.enqueue(st)
	return nil
}

// Begin takes the head of the final answer.
func (st *stream) Begin(h *proxy.AnswerHead, _ bool) {
	st.k.mu.Lock()
	defer st.k.mu.Unlock()
	st.answer.compose(h)
}

// Send sends a part of the body: the stream gets a copy. When it has enough already, Send
// waits until the client takes some of it.
func (st *stream) Send(t netloop.Task, part []byte, whole bool, trailers []head.Field) error {
	k := st.k
	k.mu.Lock()
	defer k.mu.Unlock()
	if st.gone {
		return proxy.ErrClientGone
	}
	st.begun = true
	for len(part) > 0 {
		if err := st.awaitTaken(t, func() bool { return st.pending() < bufferSize }); err != nil {
			return err
		}
		if part = part[st.put(part):]; len(part) > 0 {
			k.enqueue(st)
		}
	}
	if st.whole = whole; whole && st.head.TETrailers {
		st.trailers = appendTrailers(st.trailers[:0], trailers)
	}
	k.enqueue(st)
	return nil
}

// SpliceAnswer leaves it to Send.
func (st *stream) SpliceAnswer(netloop.Task, netloop.Conn, int64) (int64, error, error) {
	return 0, netloop.ErrNoSplice, nil
}

// OnHeld has f called before Send waits.
func (st *stream) OnHeld(_ netloop.Task, f func(taken int64)) {
	st.k.mu.Lock()
	defer st.k.mu.Unlock()
	st.held = f
}

// CloseWrite ends the answer.
func (st *stream) CloseWrite() {
	st.k.mu.Lock()
	defer st.k.mu.Unlock()
	st.noMore = true
	st.k.enqueue(st)
}

// Sent is how many bytes of the body were sent.
func (st *stream) Sent() int64 {
	st.k.mu.Lock()
	defer st.k.mu.Unlock()
	return st.sent
}

// prefersJSON reports whether a client whose head was refused prefers JSON.
func (st *stream) prefersJSON() bool {
	for i := range st.headReader.fields {
		if f := &st.headReader.fields[i]; string(f.Name) == "accept" {
			return proxy.PrefersJSON(f.Value)
		}
	}
	return false
}
