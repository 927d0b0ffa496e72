package proxy

import (
	"io"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/result"
)

// An upload is the request's body on its way to the worker. The part that came
// with the head goes with the head; the rest is moved by a task beside the
// one that waits for the answer, so that an answer may begin, and end, while
// the body still flows. While that task runs, only it may look at the upload.
//
// The body has up to three parts: what came with the head, what was taken in
// before the request had a slot, and what is relayed as it comes.
type upload struct {
	r     *Request
	max   int64  // bytes of the body that are allowed; 0 = no limit
	got   int64  // bytes of the body that have come
	first []byte // the part that goes with the head, and again when the request does

	keeps bool          // kept is in use
	kept  buffer.Buffer // what was taken in behind first; see receive
	sent  int64         // bytes of it that were written to the worker
	over  buffer.Over   // the client has its share, and this body goes on nevertheless

	received  bool // the whole body has been read from the client
	delivered bool // and written to the worker
	consumed  bool // some of it has gone to a worker and is not at hand any more

	pace   pace
	sentAt atomic.Int64 // the netloop.Time since which delivered is true; 0 until then
	fed    atomic.Int64 // the netloop.Time since which the worker is to take a part; 0 while the client is to send one

	fork netloop.Fork
	move func(netloop.Task) // run, made once
	err  error              // of the client's side: its body is broken, or it is gone
	buf  readBuffer         // what was read of the client
}

// begin looks at the part of the body that has come with the head.
func (u *upload) begin() error {
	u.err, u.consumed = nil, false
	u.rewind()
	u.pace.begin(u.r.p.stall)
	u.max = u.r.snap.Plan.MaxBodySize
	first, whole, err := u.r.client.First()
	u.first, u.received = first, whole
	u.got = int64(len(first))
	if err == nil && u.max > 0 && u.r.head.ContentLength > u.max {
		err = errTooLarge
	}
	return u.check(err)
}

// check returns the error for a body that has come so far, and err, as what the
// client is answered.
func (u *upload) check(err error) error {
	if u.max > 0 && u.got > u.max {
		return errTooLarge
	}
	if bad, ok := err.(*BodyError); ok {
		return &failure{kind: result.KindBody, status: bad.Status, reason: bad.Reason}
	}
	return err
}

// rewind makes the upload ready for another worker.
func (u *upload) rewind() {
	u.delivered, u.sent = false, 0
	u.sentAt.Store(0)
	if u.fed.Load() != 0 { // rarely
		u.fed.Store(0)
	}
}

// appendFirst returns what is written to the worker together with the head: out
// with some of the body appended, and the rest.
func (u *upload) appendFirst(out []byte) (_, rest []byte, err error) {
	n := len(u.first)
	if u.isSmall() {
		n += int(u.kept.Len())
	}
	switch {
	case !u.r.head.Streamed && n == len(u.first):
		return out, u.first, nil
	case u.r.head.Streamed && n > 0:
		out = http1.AppendChunkHeader(out, n)
	}
	out = append(out, u.first...)
	if n > len(u.first) {
		if out, err = u.appendKept(out); err != nil {
			return out, nil, err
		}
	}
	if u.r.head.Streamed {
		if n > 0 {
			out = append(out, http1.ChunkEnd...)
		}
		if u.isSmall() {
			out = http1.AppendLastChunk(out, nil)
		}
	}
	return out, nil, nil
}

// sentFirst notes that what goes with the head was written.
func (u *upload) sentFirst() {
	if u.delivered = u.received && u.sent == u.kept.Len(); u.delivered {
		u.done()
		u.sentAt.Store(int64(u.r.t.Now()))
	}
}

// start begins to move what is still to come.
func (u *upload) start() { u.fork = u.r.t.Fork(u.move) }

// stop ends the upload, whether or not it is complete. It waits for that in t.
func (u *upload) stop(t netloop.Task) {
	if f := u.fork; f != nil {
		u.fork = nil
		f.Interrupt()
		f.Wait(t)
	}
}

// end ends the upload of a request that is not repeated any more.
func (u *upload) end(t netloop.Task) {
	u.stop(t)
	u.release()
}

// reset makes the upload fit for another connection.
func (u *upload) reset() {
	u.r.p.putBody(&u.buf)
	u.first, u.err = nil, nil
}

// run is the task of the upload. When the client's side fails, it closes the
// worker's connection: the app gets a disconnect, and the task that waits for
// the answer gets the end of it. When the worker's side fails, that is left to
// the task that waits for the answer, which may be there already.
func (u *upload) run(t netloop.Task) {
	for !u.received || u.sent < u.kept.Len() {
		rerr, werr := u.movePart(t)
		if werr == netloop.ErrTimeout { // the worker takes none of it
			u.err = errLate
			u.r.attempt.up.Close()
			return
		}
		if werr != nil || rerr == netloop.ErrEnough || rerr == netloop.ErrStopped {
			return
		}
		if rerr != nil {
			u.err = clientFault(rerr)
			u.r.attempt.up.Close()
			return
		}
	}
	u.delivered = true
	u.done()
	u.sentAt.Store(int64(t.Now()))
}

// movePart moves a part of the body to the worker: of what was taken in, and then
// from the client. Between two parts no buffer is held.
func (u *upload) movePart(t netloop.Task) (readErr, writeErr error) {
	if u.sent < u.kept.Len() {
		u.fed.Store(int64(t.Now()))
		return u.sendKept(t)
	}
	c, from := u.r.client, t.Now()
	u.fed.Store(0)
	if err := c.AwaitBody(t, u.pace.left()); err != nil {
		return u.pace.judge(t.Now().Sub(from), err), nil
	}
	waited := t.Now().Sub(from)
	u.fed.Store(int64(t.Now()))
	n, whole, rerr, werr := c.SpliceBody(t, u.r.attempt.up, u.pace.left(), u.r.attempt.limit)
	if n > 0 || rerr != netloop.ErrNoSplice {
		u.took(n, whole)
		if rerr == netloop.ErrNoSplice {
			rerr = nil
		}
		return u.pace.judge(waited, rerr), werr
	}
	u.r.p.takeBody(&u.buf)
	part, err := u.read(t)
	err = u.pace.judge(t.Now().Sub(from), err)
	if err == nil && len(part) > 0 {
		// An app may take its time before it reads.
		_, writeErr = u.r.attempt.up.Write(t, part, nil, u.r.attempt.limit)
	}
	u.r.p.putBody(&u.buf)
	return err, writeErr
}

// took counts bytes that were read of the body and are not kept. No other worker
// can get the body any more.
func (u *upload) took(n int64, whole bool) {
	u.count(n, whole)
	if n > 0 {
		u.consumed = true
		u.release()
	}
}

// count counts bytes that were read of the body.
func (u *upload) count(n int64, whole bool) {
	u.got += n
	u.pace.got += n
	u.received = whole
}

const (
	chunkFront = 8 // room for the size line of a chunk that fits into a buffer
	chunkBack  = 8 // room for its end, and for the last chunk
)

// read reads a part of the body and returns what is to be written of it: one
// chunk, without extensions and trailers, where the length is not known.
func (u *upload) read(t netloop.Task) (part []byte, err error) {
	if !u.r.head.Streamed {
		n, whole, err := u.r.client.ReadBody(t, u.buf.b, u.pace.left())
		u.took(int64(n), whole)
		return u.buf.b[:n], u.check(err)
	}
	n, whole, err := u.r.client.ReadBody(t, u.buf.b[chunkFront:len(u.buf.b)-chunkBack], u.pace.left())
	u.took(int64(n), whole)
	if err = u.check(err); err != nil {
		return nil, err
	}
	return appendChunkEnds(u.buf.b, n, whole), nil
}

// appendChunkEnds makes a chunk of the n bytes from chunkFront on, which with
// whole is followed by the last chunk.
func appendChunkEnds(b []byte, n int, whole bool) []byte {
	from, to := chunkFront, chunkFront+n
	if n > 0 {
		var size [chunkFront]byte
		line := http1.AppendChunkHeader(size[:0], n)
		from -= len(line)
		copy(b[from:], line)
		to += copy(b[to:], http1.ChunkEnd)
	}
	if whole {
		return http1.AppendLastChunk(b[from:to], nil)
	}
	return b[from:to]
}

// clientFault is the error for a client that failed to send its body.
func clientFault(err error) error {
	switch err {
	case netloop.ErrTimeout:
		return errSlowBody
	case io.EOF:
		return errShortBody
	case netloop.ErrStopped:
		return err
	}
	if f, ok := err.(*failure); ok {
		return f
	}
	return netloop.ErrGone // its connection is broken
}
