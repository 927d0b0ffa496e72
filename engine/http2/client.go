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
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.watching = true; st.gone && st.job != nil {
		st.job.Cancel()
	}
}

// Unwatch ends the watch.
func (st *stream) Unwatch(t netloop.Task) {
	st.mu.Lock()
	st.watching = false
	st.mu.Unlock()
	t.Watch(nil, nil)
}

// First is empty: the parts of a body come after the head.
func (st *stream) First() (part []byte, whole bool, err error) {
	return nil, st.socket || st.body.isNone(), nil
}

// AskForBody has net/http say 100 Continue, if the client waits for it.
func (st *stream) AskForBody(netloop.Task) { st.body.start() }

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
	st.mu.Lock()
	defer st.mu.Unlock()
	if err := st.awaitTaken(t, func() bool { return len(st.interims) < maxInterims }); err != nil {
		return err
	}
	var a answerHead
	a.compose(h)
	st.interims = append(st.interims, a)
	st.signal()
	return nil
}

// Begin takes the head of the final answer.
func (st *stream) Begin(h *proxy.AnswerHead, _ bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.answer.compose(h)
	st.out = st.out[:0]
}

// Send sends a part of the body: the handler gets a copy. When the handler has
// enough already, Send waits until the client takes some of it. The end of the
// answer is left to the handler together with the end of the job, which is near.
func (st *stream) Send(t netloop.Task, part []byte, whole bool, trailers []head.Field) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.gone {
		return proxy.ErrClientGone
	}
	st.begun = true
	for len(part) > 0 {
		if err := st.awaitTaken(t, func() bool { return len(st.out) < bufferSize }); err != nil {
			return err
		}
		n := st.room(len(part))
		st.out = append(st.out, part[:n]...)
		st.sent += int64(n)
		if part = part[n:]; !whole || len(part) > 0 {
			st.signal()
		}
	}
	if !whole {
		st.signal()
		t.Share()
		return nil
	}
	st.whole = true
	if st.head.TETrailers {
		st.trailers = appendTrailers(st.trailers[:0], trailers)
	}
	return nil
}

// awaitTaken waits until ok, or until the client is gone or has taken too little for
// too long. The caller holds mu, which awaitTaken releases during the wait.
func (st *stream) awaitTaken(t netloop.Task, ok func() bool) error {
	if !st.gone && !ok() {
		if f := st.held; f != nil {
			st.held = nil
			st.mu.Unlock()
			f(0)
			st.mu.Lock()
		}
	}
	stall, taken := st.s.p.Stall(), st.taken
	until := t.Now().Add(stall)
	for !st.gone && !ok() {
		st.taker = t
		st.mu.Unlock()
		err := t.Park(until)
		st.mu.Lock()
		st.taker = nil
		switch {
		case err == netloop.ErrTimeout && st.taken-taken >= netloop.MinBytes(stall):
			taken, until = st.taken, t.Now().Add(stall)
		case err == netloop.ErrTimeout:
			return proxy.ErrClientStalled
		case err == netloop.ErrStopped:
			return err
		case err != nil:
			return proxy.ErrClientGone
		}
	}
	if st.gone {
		return proxy.ErrClientGone
	}
	return nil
}

// SpliceAnswer leaves it to Send.
func (st *stream) SpliceAnswer(netloop.Task, netloop.Conn, int64) (int64, error, error) {
	return 0, netloop.ErrNoSplice, nil
}

// OnHeld has f called before Send waits.
func (st *stream) OnHeld(_ netloop.Task, f func(taken int64)) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.held = f
}

// CloseWrite ends the answer.
func (st *stream) CloseWrite() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.closed = true
	st.signal()
}

// Sent is how many bytes of the body were sent.
func (st *stream) Sent() int64 {
	st.mu.Lock()
	defer st.mu.Unlock()
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
