//go:build !portable

package netloop

import "syscall"

const (
	batchRounds = 2        // batches in a turn; the rest runs after the next events
	batchUpTo   = 8 << 10  // bytes of one operation: with larger ones, what an earlier one read would no longer be in the cache
	joinRoom    = 64 << 10 // for batched writes that consist of two parts
)

// A batch gathers the reads and writes of a turn's tasks so that the kernel can
// do them in one call. That saves more than the calls: the kernel repeats the
// same work with its code and data in the cache, while calls that alternate
// with our own work fetch them each time.
type batch struct {
	ring    *ring // nil = no batches: every call is made at once
	waiting []*etask
	landing []*etask  // the tasks whose operations are being done; kept to reuse its memory
	ops     []*ringOp // the operations of those tasks; kept to reuse its memory
	joined  []byte    // memory that join hands out
}

// open gets the batch its ring, if the loop should have one. If there is not
// enough memory for a ring, the loop works without one.
func (b *batch) open(wanted bool) {
	if !wanted {
		return
	}
	r, err := newRing()
	if err != nil {
		return
	}
	b.ring = r
	b.joined = make([]byte, 0, joinRoom)
}

func (b *batch) close() {
	if b.ring != nil {
		b.ring.close()
	}
}

// join copies two parts into one buffer, which the caller can use until its
// write has returned. It returns nil if there is no room left or no batch.
func (b *batch) join(p, q []byte) []byte {
	from := len(b.joined)
	if b.ring == nil || from+len(p)+len(q) > cap(b.joined) {
		return nil
	}
	b.joined = append(append(b.joined, p...), q...)
	return b.joined[from:]
}

// do carries out the operations.
func (b *batch) do(ops []*ringOp) {
	for len(ops) > 0 {
		done := 0
		if len(ops) > 1 {
			done = b.ring.carryOut(ops)
		}
		if done == 0 {
			ops[0].now()
			done = 1
		}
		ops = ops[done:]
	}
}

// receive reads into p. A nil t means that the caller cannot wait for a batch.
// full reports whether there may be more to read.
func (c *econn) receive(t *etask, p []byte) (n int, full bool, e syscall.Errno) {
	if t == nil || c.loop.batch.ring == nil || c.large {
		n, e = rawRead(c.fd, p)
	} else {
		p = p[:min(len(p), batchUpTo)]
		n, e = c.inBatch(t, p, false)
	}
	c.large = n >= batchUpTo
	if t != nil {
		t.moved(n)
	}
	return n, n == len(p), e
}

// send writes p.
func (c *econn) send(t *etask, p []byte) (int, syscall.Errno) {
	if c.loop.batch.ring == nil || len(p) > batchUpTo {
		return rawWrite(c.fd, p)
	}
	return c.inBatch(t, p, true)
}

// inBatch runs an operation together with those of the other tasks of this
// turn. When it returns, a fork may have closed the connection.
func (c *econn) inBatch(t *etask, p []byte, send bool) (int, syscall.Errno) {
	t.op = ringOp{fd: c.fd, buf: p, send: send}
	t.moves = c
	c.moving++
	c.loop.batch.waiting = append(c.loop.batch.waiting, t)
	for t.moves != nil {
		t.yield(struct{}{})
	}
	return t.op.n, t.op.errno
}

// carryOut does the operations that the turn's tasks have requested, and
// resumes the tasks.
func (l *loop) carryOut() {
	b := &l.batch
	for range batchRounds {
		if len(b.waiting) == 0 {
			return
		}
		todo := b.waiting
		b.waiting, b.landing = b.landing[:0], todo
		for _, t := range todo {
			b.ops = append(b.ops, &t.op)
		}
		b.do(b.ops)
		clear(b.ops)
		b.ops, b.joined = b.ops[:0], b.joined[:0]
		for i, t := range todo {
			todo[i] = nil
			t.land()
		}
	}
}

// land records that the task's operation is done, and resumes the task.
func (t *etask) land() {
	c := t.moves
	t.moves, t.op.buf = nil, nil
	if c.moving--; c.closed && c.moving == 0 {
		rawClose(c.fd)
	}
	t.resume(nil)
}
