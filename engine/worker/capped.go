package worker

import (
	"errors"
)

// maxAnswer is how much of an interpreter's output is kept.
const maxAnswer = 256 << 10 // bytes

// errTooMuch is the error of a stream that exceeds maxAnswer.
var errTooMuch = errors.New("it printed too much")

// A capped keeps the first maxAnswer bytes that are written to it. A write
// beyond that calls full and fails. If full is nil, a capped instead keeps the
// last bytes written: at least maxAnswer of them and at most twice as many.
type capped struct {
	buf  []byte
	full func()
}

func (c *capped) Write(p []byte) (int, error) {
	if c.full != nil && len(c.buf)+len(p) > maxAnswer {
		c.full()
		return 0, errTooMuch
	}
	if c.buf = append(c.buf, p...); len(c.buf) > 2*maxAnswer {
		c.buf = append(c.buf[:0], c.buf[len(c.buf)-maxAnswer:]...)
	}
	return len(p), nil
}

func (c *capped) String() string { return string(c.buf) }
