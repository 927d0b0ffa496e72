package proxy

import (
	"io"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/result"
)

// An upload is the request's body on its way to the worker. What has come
// with the head goes with the head; the rest is moved by a task beside the
// one that waits for the answer, so that an answer may begin, and end, while
// the body still flows. While that task runs, only it may look at the upload.
type upload struct {
	x       *exchange
	chunked http1.Chunked
	max     int64  // bytes of the body that are allowed; 0 = no limit
	left    int64  // bytes still to come of a body of known length
	used    int    // bytes of x.in behind the head that belong to the body
	first   []byte // what goes with the head, and again when the request does

	received  bool // the whole body has been read from the client
	delivered bool // and written to the worker
	consumed  bool // some of it has gone to a worker that is not at hand any more

	pace   pace
	sentAt atomic.Int64 // the netloop.Time since which delivered is true; 0 until then

	fork netloop.Fork
	move func(netloop.Task) // run, made once
	err  error              // of the client's side: its body is broken, or it is gone
	buf  buffer             // what was read of the client
	out  []byte             // what is being composed for the worker
}

// begin looks at what has come of the body with the head.
func (u *upload) begin() error {
	u.used, u.left, u.first, u.err = 0, 0, nil, nil
	u.received, u.delivered, u.consumed = false, false, false
	u.sentAt.Store(0)
	u.pace.begin(u.x.p.stall)
	u.max = u.x.snap.Plan.MaxBodySize
	body := u.x.in.bytes()[u.x.headLen:]
	switch req := &u.x.req; {
	case req.Chunked:
		u.chunked.Reset()
		n, err := u.recode(u.x.t, body)
		u.used, u.first = n, u.out
		return err
	case u.max > 0 && req.ContentLength > u.max:
		return errTooLarge
	case req.ContentLength > 0:
		u.used = int(min(int64(len(body)), req.ContentLength))
		u.left = req.ContentLength - int64(u.used)
		u.first = body[:u.used]
	}
	u.received = u.left == 0
	return nil
}

// sentFirst notes that what came with the head was written.
func (u *upload) sentFirst() {
	if u.delivered = u.received; u.delivered {
		u.sentAt.Store(int64(u.x.t.Now()))
	}
}

// start begins to move what is still to come.
func (u *upload) start() { u.fork = u.x.t.Fork(u.move) }

// stop ends the upload, whether or not it is complete.
func (u *upload) stop() {
	if f := u.fork; f != nil {
		u.fork = nil
		f.Interrupt()
		f.Wait()
	}
}

// finish drops the request from what was read of the client, so that the
// next head comes first.
func (u *upload) finish() {
	u.x.in.consume(u.x.headLen + u.used)
	u.x.in.add(u.buf.bytes())
	u.x.p.putBody(&u.buf)
}

// reset makes the upload fit for another connection.
func (u *upload) reset() {
	u.x.p.putBody(&u.buf)
	u.first, u.err = nil, nil
	if cap(u.out) > maxOut {
		u.out = nil
	}
}

// run is the task of the upload. When the client's side fails the worker's
// connection is closed: the app gets a disconnect, and whoever waits for the
// answer the end of it. When the worker's side fails that is left to who
// waits for the answer, which may be there already.
func (u *upload) run(t netloop.Task) {
	for !u.received {
		rerr, werr := u.movePart(t)
		if werr == netloop.ErrTimeout { // the worker takes none of it
			u.err = errLate
			u.x.up.Close()
			return
		}
		if werr != nil || rerr == netloop.ErrEnough || rerr == netloop.ErrStopped {
			return
		}
		if rerr != nil {
			u.err = clientFault(rerr)
			u.x.up.Close()
			return
		}
	}
	u.delivered = true
	u.sentAt.Store(int64(t.Now()))
}

// movePart moves a part of the body. Between two parts no buffer is held.
func (u *upload) movePart(t netloop.Task) (readErr, writeErr error) {
	from := t.Now()
	if err := u.x.c.WaitReadable(t, u.pace.left()); err != nil {
		return u.pace.judge(t.Now().Sub(from), err), nil
	}
	waited := t.Now().Sub(from)
	if u.left >= spliceFrom {
		n, rerr, werr := u.x.c.Splice(t, u.x.up, u.left, u.pace.left(), u.x.limit)
		u.left -= n
		u.received = u.left == 0
		u.consumed = u.consumed || n > 0
		u.pace.got += n
		if n > 0 || rerr != netloop.ErrNoSplice {
			if rerr == netloop.ErrNoSplice {
				rerr = nil
			}
			return u.pace.judge(waited, rerr), werr
		}
	}
	u.x.p.takeBody(&u.buf)
	part, err := u.read(t)
	err = u.pace.judge(t.Now().Sub(from), err)
	if err == nil && len(part) > 0 {
		// An app may take its time before it reads.
		_, writeErr = u.x.up.Write(t, part, nil, u.x.limit)
	}
	if u.buf.len() == 0 {
		u.x.p.putBody(&u.buf)
	}
	return err, writeErr
}

// read reads a part of the body and returns what is to be written of it. Of a
// body of known length it reads no byte beyond the end; what comes behind a
// chunked one stays in u.buf.
func (u *upload) read(t netloop.Task) (part []byte, err error) {
	room := u.buf.b
	if !u.x.req.Chunked {
		room = room[:min(int64(len(room)), u.left)]
	}
	n, err := u.x.c.Read(t, room, u.pace.left())
	if n == 0 {
		return nil, err
	}
	u.consumed = true
	u.pace.got += int64(n)
	if !u.x.req.Chunked {
		u.left -= int64(n)
		u.received = u.left == 0
		return room[:n], nil
	}
	used, err := u.recode(t, room[:n])
	u.buf.grew(n)
	u.buf.consume(used)
	return u.out, err
}

// recode decodes as much as src holds of the body, and makes one chunk of it
// in u.out, without extensions and trailers. n counts the bytes that belong
// to the body.
func (u *upload) recode(t netloop.Task, src []byte) (n int, err error) {
	before := u.chunked.Count()
	out, n, done, fault := appendRecoded(u.out[:0], &u.chunked, src)
	if done {
		out = http1.AppendLastChunk(out, nil)
	}
	t.Spend(u.chunked.Count() - before)
	u.out, u.received = out, done
	if u.max > 0 && u.chunked.Len() > u.max {
		return n, errTooLarge
	}
	if fault != nil {
		return n, &failure{kind: result.KindBody, status: fault.Status, reason: fault.Reason}
	}
	return n, nil
}

// clientFault is the error for a client that failed to send its body.
func clientFault(err error) error {
	switch err {
	case netloop.ErrTimeout:
		return errSlowBody
	case io.EOF:
		return errShortBody
	}
	return err
}

// askForBody answers Expect: 100-continue, now that a worker is there to take
// the body. A client that did not wait for it needs no answer.
func (x *exchange) askForBody() {
	if !x.req.ExpectContinue || x.asked || x.in.len() > x.headLen {
		return
	}
	x.asked = true
	// A client that is gone is found out by who reads its body.
	_ = x.write(goOn, nil)
}

var goOn = []byte("HTTP/1.1 100 Continue\r\n\r\n")
