package http2

import (
	"io"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A source gives the bytes that come from a client to the code that takes frames, in
// the task that reads. It holds no buffer while it waits.
type source struct {
	k *conn
	t netloop.Task

	b      *[bufferSize]byte // nil = all was taken
	at, to int               // what of b is left
	in     frames
	calm   calm
	since  netloop.Time // when the head that is coming has begun; 0 = none is
	err    error        // why no more comes
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	part, err := s.some(len(p))
	return copy(p, part), err
}

// some returns the next bytes, at least one and at most n. They are valid until the next
// call.
func (s *source) some(n int) ([]byte, error) {
	if s.at == s.to {
		s.drop()
		if s.err == nil {
			s.err = s.fill()
		}
		if s.err != nil {
			return nil, s.err
		}
	}
	part := s.b[s.at:min(s.at+n, s.to)]
	s.at += len(part)
	return part, nil
}

// skip drops the next n bytes.
func (s *source) skip(n int) error {
	for n > 0 {
		part, err := s.some(n)
		if err != nil {
			return err
		}
		n -= len(part)
	}
	return nil
}

// drop gives the buffer back.
func (s *source) drop() {
	if s.b != nil {
		s.k.s.buffers.Put(s.b)
		s.b = nil
	}
	s.at, s.to = 0, 0
}

// fill waits for bytes. netloop.ErrTimeout says that the client is too slow, or has
// sent too many frames that move nothing.
func (s *source) fill() error {
	if err := s.k.awaitControlRoom(s.t); err != nil {
		return err
	}
	wait, err := s.patience()
	if err == nil {
		err = s.k.c.WaitReadable(s.t, wait)
	}
	if err != nil {
		return err
	}
	s.b = s.k.s.buffers.Get().(*[bufferSize]byte)
	n, err := s.k.c.Read(s.t, s.b[:], wait)
	if n == 0 {
		s.drop()
		if err == nil {
			err = io.EOF
		}
		return err
	}
	s.to = n
	s.k.rest.disturb()
	s.in.scan(s.b[:n])
	idle, heads, payload := s.in.take()
	faults, paid := s.k.takeCosts()
	if !s.calm.judge(s.t.Now(), idle+faults, heads, payload+paid) {
		s.drop()
		return netloop.ErrTimeout
	}
	return nil
}

// patience returns how long the client may take for the next bytes; 0 = no limit.
// A head must be complete header_timeout after its first byte.
func (s *source) patience() (time.Duration, error) {
	switch {
	case s.in.between():
		s.since = 0
		return 0, nil
	case s.in.inBody():
		s.since = 0
		return s.k.s.p.Stall(), nil
	case s.since == 0:
		s.since = s.t.Now()
	}
	limit := s.k.s.p.Snapshot().Plan.HeaderTimeout
	if limit == 0 {
		return 0, nil
	}
	left := s.since.Add(limit).Sub(s.t.Now())
	if left <= 0 {
		return 0, netloop.ErrTimeout
	}
	return left, nil
}
