package http2

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/proxy"
)

// A body is the body of a request. net/http lets it only be read by a goroutine
// that can wait, so it has one, from when the job asks for it. The goroutine reads a
// part when the job has taken the one before: flow control then holds up the client.
type body struct {
	s       *Server
	src     io.ReadCloser
	runs    sync.WaitGroup
	drained sync.Cond // the goroutine waits until the job has taken the part

	mu      sync.Mutex // guards all below
	none    bool       // the request has no body
	left    int64      // bytes still to come; -1 = not known
	started bool
	part    *[bodySize]byte // nil = none
	at, to  int             // what of it the job has not taken
	err     error           // what follows the part; nil = more can come
	gone    bool            // the client is
	closed  bool            // nothing is read any more
	reader  netloop.Task    // waits for something to read; nil = it does not wait
}

func (b *body) init(s *Server) {
	b.s = s
	b.drained.L = &b.mu
}

// begin makes it the body of a request.
func (b *body) begin(r *http.Request) {
	b.src, b.left, b.none = r.Body, r.ContentLength, r.ContentLength == 0
	b.started, b.part, b.at, b.to, b.err = false, nil, 0, 0, nil
	b.gone, b.closed, b.reader = false, false, nil
}

func (b *body) isNone() bool { return b.none }

// start has the body read.
func (b *body) start() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.started || b.closed || b.none {
		return
	}
	b.started = true
	b.runs.Go(b.readAll)
}

// readAll is the goroutine.
func (b *body) readAll() {
	for more := true; more; {
		// Wait for the next bytes without holding a buffer for them. If this does not
		// wait, the other Read does.
		_, err := b.src.Read(nil)
		var part *[bodySize]byte
		n := 0
		if err == nil {
			part = b.s.bodies.Get().(*[bodySize]byte)
			n, err = b.src.Read(part[:])
		}
		more = b.give(part, n, err)
	}
}

// give gives the job a part, and waits until it has it. It returns false if nothing
// is read any more.
func (b *body) give(part *[bodySize]byte, n int, err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.part, b.at, b.to, b.err = part, 0, n, err
	b.wake()
	for b.at < b.to && !b.closed {
		b.drained.Wait()
	}
	if b.part != nil {
		b.s.bodies.Put(b.part)
		b.part = nil
	}
	return err == nil && !b.closed
}

// wake wakes the task that waits. The caller holds mu.
func (b *body) wake() {
	if t := b.reader; t != nil {
		t.Wake()
	}
}

// leave notes that the client is gone.
func (b *body) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone = true
	b.wake()
}

// close ends the goroutine.
func (b *body) close() {
	b.mu.Lock()
	b.closed = true
	b.drained.Signal()
	b.mu.Unlock()
	_ = b.src.Close()
	b.runs.Wait()
	b.src = nil
}

// await waits in a task until there is something to read.
func (b *body) await(t netloop.Task, wait time.Duration) error {
	b.start()
	b.mu.Lock()
	defer b.mu.Unlock()
	until := t.Now().Add(wait)
	for b.at == b.to && b.err == nil && !b.gone {
		b.reader = t
		b.mu.Unlock()
		err := t.Park(until)
		b.mu.Lock()
		b.reader = nil
		if err != nil {
			return err
		}
	}
	return nil
}

// read takes some of what has come.
func (b *body) read(p []byte) (n int, whole bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at == b.to {
		return 0, b.err == io.EOF && !b.gone, b.fault()
	}
	n = copy(p, b.part[b.at:b.to])
	if b.at += n; b.left > 0 {
		b.left -= int64(n)
	}
	if b.at == b.to {
		b.drained.Signal()
	}
	return n, b.left == 0 || b.at == b.to && b.err == io.EOF, nil
}

// fault returns the error of a client that sends no more. The caller holds mu.
func (b *body) fault() error {
	switch {
	case b.gone:
		return netloop.ErrGone
	case b.err == nil || b.err == io.EOF:
		return nil
	}
	return &proxy.BodyError{Status: errBodyLength.Status, Reason: errBodyLength.Reason}
}
