package proxy

import (
	"net/netip"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A pipe hands bytes from one task, its writer, to another, its reader, and keeps
// in a buffer what the reader has not taken yet. Both tasks are of the same loop.
//
// The writer calls awaits and write, and end as its last call. The reader calls
// await, take and isDrained meanwhile, and reset, open and release while there is
// no writer. Each passes its task, in which a call waits as netloop.Task.Park does,
// with the same errors. At most one of the two waits for the other at a time.
type pipe struct {
	p        *Proxy
	size     int64         // bytes that are kept at most
	patience time.Duration // how long the writer can still wait for room in memory

	kept buffer.Buffer // belongs to the task that has set inUse

	mu       sync.Mutex   // guards all below
	inUse    bool         // one of the tasks uses kept
	came     int64        // bytes that were put into kept
	taken    int64        // bytes that were taken from it
	awaiting bool         // the writer waits for more bytes, and for nothing else
	ended    bool         // the writer has
	waiter   netloop.Task // one of the two that waits for a change; nil = none
}

// spillAfter is how long the writer has to wait, in all, before a part goes to the
// disk. A reader that keeps up, but for moments, then makes the disk work for
// nothing.
const spillAfter = 10 * time.Millisecond

// reset makes the pipe one of size bytes, for bytes that have not waited yet.
func (q *pipe) reset(p *Proxy, size int64) { q.p, q.size, q.patience = p, size, spillAfter }

// open makes the pipe ready for a writer. It can be opened again once it was
// released. client is whose bytes they are, for the bounds of the buffers.
func (q *pipe) open(client netip.Addr) {
	q.inUse, q.came, q.taken, q.awaiting, q.ended, q.waiter = false, 0, 0, false, false, nil
	q.kept.InitAnswer(q.p.buffers, q.size, client)
}

// release drops what is kept. The writer must have ended.
func (q *pipe) release() { q.kept.Release() }

// write hands on a part. It waits while the reader has to take something first,
// and returns the rest, for which there is no room or no more time.
func (q *pipe) write(t netloop.Task, part []byte) (rest []byte) {
	for len(part) > 0 {
		room, err := q.room(t, len(part))
		if err != nil {
			return part
		}
		n, err := q.append(t, part[:room])
		if part = part[n:]; err != nil {
			return part
		}
	}
	return nil
}

// awaits says whether the writer waits for more bytes, and for nothing else, so
// that it might as well end.
func (q *pipe) awaits(on bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.awaiting = on; on {
		q.changed()
	}
}

// end says that nothing more is written.
func (q *pipe) end(t netloop.Task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiter == t { // a panic has ended its wait
		q.waiter = nil
	}
	q.awaiting, q.ended = false, true
	q.changed()
}

// await waits until there is something to take, or nothing and the writer has ended
// or might as well.
func (q *pipe) await(t netloop.Task) (have bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.came == q.taken && !q.awaiting && !q.ended {
		if err := q.wait(t, 0); err != nil {
			return false, err
		}
	}
	return q.came > q.taken, nil
}

// take takes some bytes, which there must be, into the memory of a body, which into
// gets when it needs it. An error can also be one of the buffer: the bytes are lost.
func (q *pipe) take(t netloop.Task, into *readBuffer) (int, error) {
	if err := q.use(t); err != nil {
		return 0, err
	}
	q.p.takeBody(into)
	n, err := q.kept.ReadAt(t, into.b, q.taken)
	q.kept.Discard(q.taken + int64(n))
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inUse = false
	q.taken += int64(n)
	q.changed()
	return n, err
}

// isDrained reports whether all was taken and nothing more is written.
func (q *pipe) isDrained() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ended && q.came == q.taken
}

// room waits until some of n bytes have room, and returns how many.
func (q *pipe) room(t netloop.Task, n int) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		held := q.came - q.taken
		room := min(int64(n), q.size-held)
		switch {
		case held == 0 && room > 0:
			return int(room), nil
		case room <= 0:
			if err := q.wait(t, 0); err != nil {
				return 0, err
			}
		case held+room > buffer.InMemory && q.patience > 0:
			from := netloop.Now()
			err := q.wait(t, from.Add(q.patience))
			q.patience -= netloop.Now().Sub(from)
			if err != nil && err != netloop.ErrTimeout {
				return 0, err
			}
		default:
			return int(room), nil
		}
	}
}

// append appends to what is kept.
func (q *pipe) append(t netloop.Task, part []byte) (int, error) {
	if err := q.use(t); err != nil {
		return 0, err
	}
	n, err := q.kept.Append(t, part)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inUse = false
	q.came += int64(n)
	q.changed()
	return n, err
}

// use waits until the other task does not use what is kept. An operation on it can
// wait for the disk, so that a lock would not do.
func (q *pipe) use(t netloop.Task) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.inUse {
		if err := q.wait(t, 0); err != nil {
			return err
		}
	}
	q.inUse = true
	return nil
}

// changed wakes the task that waits for a change. The caller holds mu.
func (q *pipe) changed() {
	if t := q.waiter; t != nil {
		q.waiter = nil
		t.Wake()
	}
}

// wait waits for a change, until a moment. The caller holds mu.
func (q *pipe) wait(t netloop.Task, until netloop.Time) error {
	q.waiter = t
	q.mu.Unlock()
	err := t.Park(until)
	q.mu.Lock()
	if q.waiter == t {
		q.waiter = nil
	}
	return err
}
