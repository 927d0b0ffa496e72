package proxy

import (
	"math"
	"slices"
	"time"

	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A slot is for work: before a request asks for one, its body is taken in, as far
// as request_buffer and the bounds of all buffers allow. A body that came whole
// with its head needs none of this.
//
// The worker gets the same head whether a body was kept or not. One of unknown
// length stays chunked even if all of it is at hand: what an app sees must not
// depend on how fast a client sends, or on how full the buffers are.

// receive takes in the body of a request for a target.
func (r *Request) receive(target Target) error {
	u := &r.upload
	size := r.override.RequestBufferSize(target.Group)
	if u.received || u.got >= size || r.head.Upgrade {
		return nil
	}
	if u.keep(); u.kept.Full() == buffer.ErrFull {
		return nil
	}
	r.bind(&r.attempt.claim, target)
	if err := target.Pool.Admits(&r.attempt.claim); err != nil {
		return r.unclaimed(target, err)
	}
	from := netloop.Now()
	r.hand.receiving.Store(true)
	err := u.receive(r.t, size, max(target.Group.QueueTimeout, r.p.stall))
	r.hand.receiving.Store(false)
	r.rec.Receiving += netloop.Now().Sub(from)
	if err == nil {
		err = r.bodyAtHand()
	}
	switch err {
	case nil:
		return nil
	case netloop.ErrStopped:
		return errStopping
	case netloop.ErrGone:
		return r.clientFailed(ErrClientGone)
	case errShare:
		r.retry = retryAfter(target.Pool, r.t.Now())
	}
	return err
}

// bodyAtHand finds out whether a disk gives back what was taken in. A request whose
// body is lost, or on a disk that hangs, is to take no slot.
func (r *Request) bodyAtHand() error {
	if !r.upload.kept.OnDisk() {
		return nil
	}
	r.watch()
	err := r.upload.kept.Check(r.t)
	r.unwatch()
	if err == nil {
		return nil
	}
	return lostBody(err)
}

// keep makes the buffer ready.
func (u *upload) keep() {
	if !u.keeps {
		u.keeps = true
		u.kept.Init(u.r.p.buffers, math.MaxInt64, u.r.sender().addr)
	}
}

// receive takes in the body until it is whole, size bytes are there, or a bound of
// the buffers is reached. A client that has its share of them, or more than one body
// at another bound, is to take no slots with bodies that come slowly: the next part
// is taken in when it has given back something, which has to happen once in patience.
func (u *upload) receive(t netloop.Task, size int64, patience time.Duration) error {
	for !u.received && u.got < size {
		err := u.kept.Full()
		if err == nil {
			u.r.client.AskForBody(t)
			err = u.keepPart(t, size)
		}
		if err == buffer.ErrShare || err == buffer.ErrFull {
			err = u.awaitShare(t, patience)
		}
		switch err {
		case nil:
		case buffer.ErrFull:
			return nil
		default:
			return clientFault(err)
		}
	}
	return nil
}

// awaitShare waits until the client has room in its share again.
func (u *upload) awaitShare(t netloop.Task, patience time.Duration) error {
	u.r.watch()
	u.r.hand.heldBack.Store(true)
	err := u.kept.AwaitShare(t, patience, &u.over)
	u.r.hand.heldBack.Store(false)
	u.r.unwatch()
	if err == netloop.ErrTimeout {
		return errShare
	}
	return err
}

// keepPart takes in a part of the body. While it waits for the client, it holds no
// memory for that part.
func (u *upload) keepPart(t netloop.Task, size int64) error {
	c, from := u.r.client, t.Now()
	err := c.AwaitBody(t, u.pace.left())
	waited := t.Now().Sub(from)
	if err != nil {
		return u.pace.judge(waited, err)
	}
	room, err := u.kept.Room(t)
	if err != nil {
		return err
	}
	from = t.Now()
	n, whole, err := c.ReadBody(t, room[:min(int64(len(room)), size-u.got)], u.pace.left())
	u.kept.Grew(n)
	u.count(int64(n), whole)
	return u.pace.judge(waited+t.Now().Sub(from), u.check(err))
}

// smallBody is the size up to which a body that was taken in is written together
// with the head, which spares it a task of its own.
const smallBody = 16 << 10

// isSmall reports whether all that was taken in is written together with the head.
func (u *upload) isSmall() bool { return u.received && u.kept.Len() <= smallBody }

// appendKept appends all that was taken in.
func (u *upload) appendKept(out []byte) ([]byte, error) {
	for n := u.kept.Len(); u.sent < n; {
		out = slices.Grow(out, int(n-u.sent))
		m, err := u.kept.ReadAt(u.r.t, out[len(out):len(out)+int(n-u.sent)], u.sent)
		if err != nil {
			return out, lostBody(err)
		}
		out = out[:len(out)+m]
		u.sent += int64(m)
	}
	return out, nil
}

// lostBody returns the failure for a body that was taken in and cannot be read.
func lostBody(err error) error {
	switch err {
	case netloop.ErrStopped:
		return errStopping
	case netloop.ErrGone, netloop.ErrEnough:
		return err
	}
	return errLostBody
}

// sendKept writes a part of what was taken in to the worker. A worker that has some
// of the body may have begun to work on it, so only an idempotent request needs that
// again. readErr is that of the buffer.
func (u *upload) sendKept(t netloop.Task) (readErr, writeErr error) {
	u.r.p.takeBody(&u.buf)
	defer u.r.p.putBody(&u.buf)
	b := u.buf.b
	n, err := u.kept.ReadAt(t, b[chunkFront:len(b)-chunkBack], u.sent)
	if err != nil {
		return lostBody(err), nil
	}
	part := b[chunkFront : chunkFront+n]
	if u.r.head.Streamed {
		part = appendChunkEnds(b, n, u.received && u.sent+int64(n) == u.kept.Len())
	}
	_, err = u.r.attempt.up.Write(t, part, nil, u.r.attempt.limit)
	u.sent += int64(n)
	if !u.r.idempotent() {
		u.kept.Discard(u.sent)
	}
	return nil, err
}

// done gives back what was taken in, once the worker has all of it, unless the
// request may be repeated.
func (u *upload) done() {
	if !u.r.idempotent() || u.r.hand.answering.Load() {
		u.release()
	}
}

// release gives back what was taken in. From then on the request cannot be
// repeated, unless that was nothing.
func (u *upload) release() {
	if u.keeps {
		u.consumed = u.consumed || u.kept.Len() > 0
		u.kept.Release()
		u.keeps, u.sent = false, 0
	}
}
