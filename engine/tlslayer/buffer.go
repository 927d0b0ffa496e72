package tlslayer

import "sync"

// A buffer holds plain bytes until they are read, or a part of a record until the
// rest comes. A connection at rest has none.
type buffer struct {
	b    []byte
	off  int
	pool *sync.Pool // nil = too large to be kept
}

// The sizes of buffers: for the head of a request, and for a whole record.
var (
	small = newPool(4 << 10)
	large = newPool(maxRecord)
	four  = newPool(64 << 10) // all that a driver feeds at once
)

func newPool(size int) (p *sync.Pool) {
	p = &sync.Pool{}
	p.New = func() any { return &buffer{b: make([]byte, 0, size), pool: p} }
	return p
}

// newBuffer returns an empty buffer with room for n bytes.
func newBuffer(n int) *buffer {
	switch {
	case n <= 4<<10:
		return small.Get().(*buffer)
	case n <= maxRecord:
		return large.Get().(*buffer)
	case n <= 64<<10:
		return four.Get().(*buffer)
	}
	return &buffer{b: make([]byte, 0, n)}
}

// with returns a buffer that has the bytes of b and room for n more. b may be nil,
// and must not be used afterwards.
func (b *buffer) with(n int) *buffer {
	if b == nil {
		return newBuffer(n)
	}
	if cap(b.b)-len(b.b) >= n {
		return b
	}
	next := newBuffer(b.len() + n)
	next.b = append(next.b, b.b[b.off:]...)
	b.free()
	return next
}

// len returns how many bytes are left. b may be nil.
func (b *buffer) len() int {
	if b == nil {
		return 0
	}
	return len(b.b) - b.off
}

// free gives the buffer back. It holds plain bytes of a client no longer than
// necessary.
func (b *buffer) free() {
	if b == nil || b.pool == nil {
		return
	}
	clear(b.b)
	b.b, b.off = b.b[:0], 0
	b.pool.Put(b)
}
