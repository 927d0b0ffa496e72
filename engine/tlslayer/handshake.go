package tlslayer

import (
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// maxHello limits what a client sends before the server answers: a ClientHello,
	// or a second one after a HelloRetryRequest. Those of browsers have less than
	// 4 KiB, also with key shares against quantum computers.
	maxHello = headerLen + 16<<10
	// maxHandshake limits what a client sends in a handshake: a hello and, if it is
	// asked for one, a chain of certificates.
	maxHandshake = 256 << 10
)

var (
	// ErrGone is the error of a handshake whose client has left, or whose
	// connection was closed.
	ErrGone = errors.New("the client left during the TLS handshake")
	// ErrLate is the error of a handshake that took longer than Options.Timeout.
	ErrLate = errors.New("the TLS handshake was not complete in time")
)

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

	// ctx ends, with its cause, when the handshake must end. more holds at most one
	// signal, for a goroutine that is hungry.
	ctx    context.Context
	cancel context.CancelCauseFunc
	more   chan struct{}
	done   func() // of the slot; nil = the goroutine has none

	mu       sync.Mutex // guards the fields below; only the goroutine contends for it
	stage    stage
	in       []byte // that the goroutine has not read
	left     int    // bytes of in that belong to the record being read
	out      []byte // to send
	fed      int
	limit    int         // of fed
	timer    *time.Timer // nil = not started
	doomed   error       // why the handshake must end; nil = it need not
	err      error
	session  *Session
	observed bool

	place *list.Element // among those that wait for their client; mu of Handshakes guards it
}

// start starts the goroutine. The first record has come.
func (h *handshake) start() {
	h.opts.Handshakes.proceed(h)
	h.ctx, h.cancel = context.WithCancelCause(context.Background())
	h.more = make(chan struct{}, 1)
	h.conn = tls.Server(h.wire, h.opts.Config())
	h.stage = computing
	h.opts.Handshakes.running.Add(1)
	go h.run()
}

func (h *handshake) run() {
	defer h.opts.Handshakes.running.Done()
	defer h.cancel(nil)
	var err error
	var s *Session
	if h.compute() {
		if err = h.shake(); err == nil {
			s = sessionOf(h.conn, h.wire.tag)
		}
		h.pause()
	} else {
		err = context.Cause(h.ctx)
	}
	h.observe(s, err)
	h.mu.Lock()
	h.stage, h.session, h.err = over, s, err
	h.stop()
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
		return context.Cause(h.ctx)
	}
	return err
}

// compute waits until the goroutine may compute. It returns false if the
// connection is closed.
func (h *handshake) compute() (ok bool) {
	h.done, ok = h.opts.Handshakes.acquire(h.ctx, h.wire.peer.Addr())
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
	h.opts.Handshakes.wait(h)
	h.wake()
	fed := false
	select {
	case <-h.more:
		fed = true
	case <-h.ctx.Done():
	}
	h.opts.Handshakes.proceed(h)
	return fed && h.compute()
}

// write is wire.Write in the goroutine.
func (h *handshake) write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.out = append(h.out, p...)
	switch {
	case isRetry(p):
		h.limit = h.fed + maxHello
	case p[0] == typeHandshake:
		h.limit = maxHandshake
	}
	return len(p), nil
}

// feed takes bytes from the socket. It returns what the goroutine is doing then.
func (h *handshake) feed(p []byte) (stage, error) {
	is, begins, err := h.put(p)
	if begins {
		h.opts.Handshakes.wait(h)
	}
	return is, err
}

// put is feed, but for a handshake that begins with less than a record: it begins to
// wait for its client.
func (h *handshake) put(p []byte) (is stage, begins bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stage == over {
		return over, false, h.err
	}
	begins = h.fed == 0 && len(p) > 0
	h.in = append(h.in, p[:min(len(p), h.limit-h.fed)]...)
	h.fed += len(p)
	if h.stage == greeting {
		if err := h.greet(); err != nil {
			return greeting, false, err
		}
	}
	if h.fed > h.limit {
		return h.stage, false, errTooMuch
	}
	if recordLen(h.in) > 0 {
		switch h.stage {
		case greeting:
			h.start()
		case hungry:
			h.stage = computing
			h.more <- struct{}{}
		}
	}
	return h.stage, begins && h.stage == greeting, nil
}

// greet begins with the first byte, and returns why the connection is refused. The
// caller holds h.mu.
func (h *handshake) greet() error {
	switch {
	case h.doomed != nil:
		return h.doomed
	case len(h.in) == 0:
		return nil
	}
	if err := refusal(h.in); err != nil {
		h.out = append(h.out, answerTo(h.in)...)
		return err
	}
	if h.timer != nil || h.opts.Timeout == nil {
		return nil
	}
	if d := h.opts.Timeout(); d > 0 {
		h.timer = time.AfterFunc(d, h.expire)
	}
	return nil
}

// expire ends a handshake that takes too long.
func (h *handshake) expire() { h.doom(ErrLate) }

// doom ends a handshake that need not be over. Any goroutine can call it.
func (h *handshake) doom(why error) {
	h.mu.Lock()
	h.doomed = why
	is, cancel := h.stage, h.cancel
	h.mu.Unlock()
	switch is {
	case greeting:
		h.wake() // the driver asks for news
	case computing, hungry:
		cancel(why)
	}
}

// stop stops the timer. The caller holds h.mu.
func (h *handshake) stop() {
	if h.timer != nil {
		h.timer.Stop()
	}
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
	h.stop()
	h.mu.Unlock()
	h.opts.Handshakes.proceed(h)
	if running {
		h.cancel(err) // the goroutine reports it
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
