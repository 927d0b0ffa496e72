package netloop

import "syscall"

const (
	batchRounds = 2        // batches in a turn; what they leave comes after the next events
	batchUpTo   = 8 << 10  // bytes of one operation: larger ones would find cold what an earlier one has read
	joinRoom    = 64 << 10 // for the writes of a batch that are of two parts
)

// A batch gathers the reads and writes of a turn's tasks, for the kernel to
// do with one call. That spares the calls and more: the kernel does the same
// thing many times over and has its code and data at hand, while calls that
// alternate with our own work have to fetch them each time.
type batch struct {
	ring    *ring // nil = there is none: every call is made at once
	waiting []*etask
	landing []*etask  // those whose operations are being done; kept for its room
	ops     []*ringOp // theirs; kept for its room
	joined  []byte    // what join gave out
}

// open gets the batch its ring, if the loop is to have one. A loop that gets
// none for want of memory does without.
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

// join makes one of two parts, in room that is the caller's until his write
// has returned; nil if there is none left, or no batch.
func (b *batch) join(p, q []byte) []byte {
	from := len(b.joined)
	if b.ring == nil || from+len(p)+len(q) > cap(b.joined) {
		return nil
	}
	b.joined = append(append(b.joined, p...), q...)
	return b.joined[from:]
}

// do does the operations.
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

// receive reads into p. t is nil for one who cannot wait for a batch. full
// says that there may be more to read.
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

// inBatch has an operation done with those of the other tasks of this turn.
// The connection may have been closed when it returns, by a fork.
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

// carryOut does what the turn's tasks have asked for, and lets them go on.
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

// land lets the task go on whose operation was done.
func (t *etask) land() {
	c := t.moves
	t.moves, t.op.buf = nil, nil
	if c.moving--; c.closed && c.moving == 0 {
		rawClose(c.fd)
	}
	t.resume(nil)
}
