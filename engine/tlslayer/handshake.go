package tlslayer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
)

// maxHandshake limits what a client sends in a handshake: a hello and, if it is
// asked for one, a chain of certificates.
const maxHandshake = 256 << 10

// ErrGone is the error of a handshake whose client has left, or has taken too
// long.
var ErrGone = errors.New("the client left during the TLS handshake")

var errTooMuch = errors.New("the client sent too much during the TLS handshake")

// A stage is how far a handshake is.
type stage uint8

const (
	greeting  stage = iota // the first record has not come yet; there is no goroutine
	computing              // the goroutine has work
	hungry                 // the goroutine waits for a whole record
	over                   // the goroutine has ended, or ends
)

// A handshake is the first part of a connection.
type handshake struct {
	opts *Options
	conn *tls.Conn
	wire *wire
	wake func()

	// ctx ends when the connection is closed. more holds at most one signal, for
	// a goroutine that is hungry.
	ctx    context.Context
	cancel context.CancelFunc
	more   chan struct{}
	done   func() // of the slot; nil = the goroutine has none

	mu       sync.Mutex // guards the fields below; only the goroutine contends for it
	stage    stage
	in       []byte // that the goroutine has not read
	left     int    // bytes of in that belong to the record being read
	out      []byte // to send
	fed      int
	err      error
	session  *Session
	observed bool
}

// start starts the goroutine. The first record has come.
func (h *handshake) start() {
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.more = make(chan struct{}, 1)
	h.conn = tls.Server(h.wire, h.opts.Config())
	h.stage = computing
	h.opts.Handshakes.running.Add(1)
	go h.run()
}

func (h *handshake) run() {
	defer h.opts.Handshakes.running.Done()
	defer h.cancel()
	err := ErrGone
	var s *Session
	if h.compute() {
		if err = h.shake(); err == nil {
			s = sessionOf(h.conn, h.wire.tag)
		}
		h.pause()
	}
	h.observe(s, err)
	h.mu.Lock()
	h.stage, h.session, h.err = over, s, err
	h.mu.Unlock()
	h.wake()
}

// shake runs the handshake of crypto/tls. A panic in it ends only this
// connection.
func (h *handshake) shake() (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("TLS handshake: panic: %v", v)
		}
	}()
	if err = h.conn.HandshakeContext(h.ctx); h.ctx.Err() != nil {
		return ErrGone
	}
	return err
}

// compute waits until the goroutine may compute. It returns false if the
// connection is closed.
func (h *handshake) compute() (ok bool) {
	h.done, ok = h.opts.Handshakes.acquire(h.ctx)
	return ok
}

// pause lets other handshakes compute.
func (h *handshake) pause() {
	if h.done != nil {
		h.opts.Handshakes.release(h.done)
		h.done = nil
	}
}

// read is wire.Read in the goroutine. It reads no further than to the end of a
// record, so that crypto/tls has nothing left over in the end.
func (h *handshake) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.left == 0 {
		if h.left = recordLen(h.in); h.left > 0 {
			break
		}
		h.stage = hungry
		h.mu.Unlock()
		fed := h.await()
		h.mu.Lock()
		if !fed {
			return 0, net.ErrClosed
		}
	}
	n := copy(p, h.in[:h.left])
	h.in, h.left = h.in[n:], h.left-n
	return n, nil
}

// await tells the driver that the handshake can be fed, and waits for that.
func (h *handshake) await() bool {
	h.pause()
	h.wake()
	select {
	case <-h.more:
		return h.compute()
	case <-h.ctx.Done():
		return false
	}
}

// write is wire.Write in the goroutine.
func (h *handshake) write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.out = append(h.out, p...)
	return len(p), nil
}

// feed takes bytes from the socket. It returns what the goroutine is doing then.
func (h *handshake) feed(p []byte) (stage, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stage == over {
		return over, h.err
	}
	h.in = append(h.in, p...)
	if h.fed += len(p); h.fed > maxHandshake {
		return h.stage, errTooMuch
	}
	switch h.stage {
	case greeting:
		if len(h.in) == 0 {
			return greeting, nil
		}
		if err := refusal(h.in); err != nil {
			h.out = append(h.out, answerTo(h.in)...)
			return greeting, err
		}
		if recordLen(h.in) > 0 {
			h.start()
		}
	case hungry:
		if recordLen(h.in) > 0 {
			h.stage = computing
			h.more <- struct{}{}
		}
	}
	return h.stage, nil
}

// take appends what is to be sent to dst.
func (h *handshake) take(dst []byte) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	dst = append(dst, h.out...)
	h.out = nil
	return dst
}

// begun reports whether the client has sent anything.
func (h *handshake) begun() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.fed > 0
}

// end ends a handshake whose connection is closed or broken.
func (h *handshake) end(err error) {
	h.mu.Lock()
	running := h.stage == computing || h.stage == hungry
	h.mu.Unlock()
	if running {
		h.cancel() // the goroutine reports it
	} else {
		h.observe(nil, err)
	}
}

// observe reports the result, once.
func (h *handshake) observe(s *Session, err error) {
	h.mu.Lock()
	skip := h.observed || h.fed == 0
	h.observed = true
	h.mu.Unlock()
	if !skip && h.opts.Observe != nil {
		h.opts.Observe(Result{Session: s, Err: err, Peer: h.wire.peer.Addr()})
	}
}
