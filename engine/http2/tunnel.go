package http2

import (
	"crypto/rand"
	"encoding/base64"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/proxy"
)

// Refusals of an extended CONNECT.
var (
	errProtocol      = head.Refuse(501, "the only :protocol is websocket")
	errSocketVersion = head.Refuse(400, "sec-websocket-version is not 13")
	errSocketBody    = head.Refuse(400, "websocket handshake with a length")
)

// openSocket makes the head that was read of an extended CONNECT that of a websocket
// handshake as HTTP/1.1 has it, where it has another method and a key.
func openSocket(to *head.Request, protocol string) *head.Error {
	switch {
	case protocol != "websocket":
		return errProtocol
	case to.Seen().Has(head.KindContentLength):
		return errSocketBody
	case string(to.Get(head.KindSecWebSocketVersion)) != "13":
		return errSocketVersion
	}
	to.Streamed, to.Upgrade = false, true
	return nil
}

// keyLen is the length of a key.
const keyLen = 24

// newKey returns the key of a handshake (RFC 6455 section 4.1). It protects nothing.
func newKey() string {
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // never fails
	return base64.StdEncoding.EncodeToString(nonce[:])
}

// Switch sends the head of an answer that makes the stream a tunnel. A stream has no
// 101, and what proves to a client of HTTP/1.1 that the server knows websockets is not
// for it.
func (st *stream) Switch(t netloop.Task, h *proxy.AnswerHead, behind []byte) error {
	st.k.mu.Lock()
	st.answer.compose(h)
	st.answer.status = 200
	st.k.mu.Unlock()
	return st.Send(t, behind, false, nil)
}

// Early is nothing: all bytes of the client come through the body.
func (st *stream) Early() []byte { return nil }

// Tunnel relays both ways, in the job and a fork of it, until the worker has ended
// its stream or the client is gone.
func (st *stream) Tunnel(t netloop.Task, up netloop.Conn, done func()) {
	defer done()
	defer up.Close()
	t.Aside(true)
	st.k.tunnel(1)
	defer st.k.tunnel(-1)
	toWorker := t.Fork(func(t netloop.Task) { st.toWorker(t, up) })
	st.fromWorker(t, up)
	toWorker.Interrupt()
	toWorker.Wait(t)
}

// toWorker is the fork.
func (st *stream) toWorker(t netloop.Task, up netloop.Conn) {
	for {
		if st.body.await(t, 0) != nil {
			return
		}
		b := st.s.bodies.Get().(*[bodySize]byte)
		n, whole, err := st.body.read(b[:])
		if n > 0 {
			_, err = up.Write(t, b[:n], nil, 0)
		}
		st.s.bodies.Put(b)
		switch {
		case err != nil: // it ends fromWorker
			up.Close()
			return
		case whole:
			_ = up.CloseWrite()
			return
		}
	}
}

// fromWorker relays until the worker's stream has ended.
func (st *stream) fromWorker(t netloop.Task, up netloop.Conn) {
	for {
		if up.WaitReadable(t, 0) != nil {
			break
		}
		b := st.s.bodies.Get().(*[bodySize]byte)
		n, err := up.Read(t, b[:], 0)
		if n > 0 {
			err = st.Send(t, b[:n], false, nil)
		}
		st.s.bodies.Put(b)
		if err != nil {
			break
		}
	}
	_ = st.Send(t, nil, true, nil) // the stream ends; a client that is gone need not know
}
