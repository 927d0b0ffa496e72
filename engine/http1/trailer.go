package http1

import (
	"bytes"

	"github.com/ldcorn/ldcorn/engine/head"
)

// Trailers returns the trailer fields of a complete body. They point into c and
// are valid until Reset. Drop is set on fields that must not be trailers
// (framing, routing, credentials: RFC 9110 §6.5.1), and on those that a head
// would drop.
func (c *Chunked) Trailers() []head.Field { return c.trailers }

// trailer consumes bytes of the trailer section, at most up to the end of a
// line, and keeps them: its fields may arrive in any number of pieces.
func (c *Chunked) trailer(buf []byte) (n int, err *head.Error) {
	n = len(buf)
	if i := bytes.IndexByte(buf, '\n'); i >= 0 {
		n = i + 1
	}
	if len(c.section)+n > maxTrailers {
		return n, errTrailersLong
	}
	c.section = append(c.section, buf[:n]...)
	if buf[n-1] != '\n' {
		return n, nil
	}
	if c.cursor.atEnd(c.section) {
		return n, c.endTrailers()
	}
	var f head.Field
	_, _, err = c.cursor.field(c.section, &f)
	return n, err
}

// endTrailers is called after the first line of the section that begins with
// CR. The section has reached its final place only now, so its fields are read
// again.
func (c *Chunked) endTrailers() *head.Error {
	if _, err := lineEnd(c.section, c.cursor.line); err != nil {
		return err
	}
	c.cursor = cursor{}
	for !c.cursor.atEnd(c.section) {
		if len(c.trailers) == DefaultLimits.MaxFields {
			return head.ErrManyFields
		}
		f := more(&c.trailers)
		_, class, err := c.cursor.field(c.section, f)
		if err != nil {
			return err
		}
		f.Drop = class != head.TokenByte || f.Kind != head.KindOther
	}
	c.state = chunkDone
	return nil
}
