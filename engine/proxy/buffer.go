package proxy

const (
	headBuffer  = 4 << 10  // first size of a head's buffer
	firstBuffer = 8 << 10  // for the start of an answer, which is often all of it
	bodyBuffer  = 32 << 10 // for each direction of a body
)

// A readBuffer holds bytes that were read and not yet consumed.
type readBuffer struct {
	b          []byte
	start, end int
}

func (b *readBuffer) bytes() []byte { return b.b[b.start:b.end] }
func (b *readBuffer) len() int      { return b.end - b.start }
func (b *readBuffer) grew(n int)    { b.end += n }

// consume drops the first n bytes.
func (b *readBuffer) consume(n int) {
	b.start += n
	if b.start == b.end {
		b.start, b.end = 0, 0
	}
}

// clear drops all bytes.
func (b *readBuffer) clear() { b.start, b.end = 0, 0 }

// fill makes a copy of p the content.
func (b *readBuffer) fill(p []byte) {
	b.clear()
	b.add(p)
}

// room returns space for at least one more byte after the content. The content
// moves to the front, and the buffer doubles if it is full.
func (b *readBuffer) room() []byte {
	if b.start > 0 {
		copy(b.b, b.b[b.start:b.end])
		b.start, b.end = 0, b.end-b.start
	}
	if b.end == len(b.b) {
		grown := make([]byte, max(2*len(b.b), headBuffer))
		copy(grown, b.b[:b.end])
		b.b = grown
	}
	return b.b[b.end:]
}

// add appends p to the content.
func (b *readBuffer) add(p []byte) {
	for len(p) > 0 {
		n := copy(b.room(), p)
		b.grew(n)
		p = p[n:]
	}
}

// reset empties the buffer and frees a large one.
func (b *readBuffer) reset() {
	b.clear()
	if len(b.b) > 4*headBuffer {
		b.b = nil
	}
}

// takeBody makes sure that b can hold a part of a body. A task that only waits
// for a part holds no such buffer.
func (p *Proxy) takeBody(b *readBuffer) {
	if b.b == nil {
		b.b = p.bodies.Get().(*[bodyBuffer]byte)[:]
	}
}

// takeFirst is like takeBody, for the start of an answer.
func (p *Proxy) takeFirst(b *readBuffer) {
	if b.b == nil {
		b.b = p.firsts.Get().(*[firstBuffer]byte)[:]
	}
}

// putBody returns the buffer to its pool and drops its content. A buffer that has
// grown to a size between the two is left to the garbage collector.
func (p *Proxy) putBody(b *readBuffer) {
	switch len(b.b) {
	case bodyBuffer:
		p.bodies.Put((*[bodyBuffer]byte)(b.b))
	case firstBuffer:
		p.firsts.Put((*[firstBuffer]byte)(b.b))
	}
	*b = readBuffer{}
}
