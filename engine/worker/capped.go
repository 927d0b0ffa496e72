package worker

import (
	"errors"
)

// maxAnswer is how much of an interpreter's answer is read.
const maxAnswer = 256 << 10 // bytes

// errTooMuch ends the reading of a stream of which too much has come.
var errTooMuch = errors.New("it prints without end")

// A capped keeps the first maxAnswer bytes that are written to it. What comes
// then calls full and is an error; where full is nil, the last of them are kept
// in their place, and no more than twice as many.
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
