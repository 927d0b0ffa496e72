package plan

// A BufferSize is the value of request_buffer or response_buffer: a number of
// bytes, or None, which leaves the size to the group. The zero BufferSize is
// None.
type BufferSize struct {
	Bytes int64
	Set   bool // not None
}

// String returns the value as the configuration writes it.
func (b BufferSize) String() string {
	if !b.Set {
		return "None"
	}
	return Bytes(b.Bytes).String()
}

// RequestBufferSize returns how many bytes of a request's body are taken in
// before a slot is asked for, unless an Override says otherwise. 0 means none.
func (p *Group) RequestBufferSize() int64 { return p.bufferSize(p.RequestBuffer) }

// ResponseBufferSize returns how many bytes of an answer are kept for a client
// that does not take them. 0 means none.
func (p *Group) ResponseBufferSize() int64 { return p.bufferSize(p.ResponseBuffer) }

// bufferSize: slow clients matter most where they hold one of a few slots.
func (p *Group) bufferSize(b BufferSize) int64 {
	switch {
	case b.Set:
		return b.Bytes
	case p.HasCap():
		return DefaultCappedBuffer
	}
	return 0
}
