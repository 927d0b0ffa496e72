package http1

import "github.com/ldcorn/ldcorn/engine/head"

// A stage says how far into a head a cursor is.
type stage uint8

const (
	stageIdle   stage = iota // before the head
	stageLine                // in the first line
	stageFields              // in a field line
)

// A cursor remembers how far a head has been scanned, so that a head that
// arrives byte by byte costs no more than one that arrives at once. Offsets are
// relative to the start of the buffer; if the buffer has moved, it is read
// again from the start.
type cursor struct {
	base  *byte // first byte of the buffer
	stage stage
	line  int // start of the line being read
	at    int // the bytes of the line before at need not be scanned again
	empty int // empty lines skipped before the first line
}

// resume prepares for buf, which must not be empty, and reports whether the
// head is read from its start: because it is new, or because the buffer moved.
func (c *cursor) resume(buf []byte) (fresh bool) {
	if c.stage != stageIdle && c.base == &buf[0] && c.at <= len(buf) {
		return false
	}
	*c = cursor{base: &buf[0], stage: stageLine}
	return true
}

// next sets the start of the line being read.
func (c *cursor) next(at int) {
	c.line, c.at = at, at
}

// lineEnd reads the end of a line at i, where buf has a byte that cannot be
// part of a line. It returns the offset after the line end, or 0 if more bytes
// must arrive.
func lineEnd(buf []byte, i int) (next int, err *head.Error) {
	switch {
	case buf[i] == '\n':
		return 0, errBareLF
	case buf[i] >= 0x80:
		return 0, errNotASCII
	case buf[i] != '\r':
		return 0, head.ErrControl
	case i+1 == len(buf):
		return 0, nil
	case buf[i+1] != '\n':
		return 0, errBareCR
	}
	return i + 2, nil
}

// field reads a line of a field section into f, and returns the classes of the
// bytes in its name. It returns false if more bytes must arrive. The caller
// must have checked atEnd first.
func (c *cursor) field(buf []byte, f *head.Field) (ok bool, class uint8, err *head.Error) {
	if c.line == len(buf) {
		return false, 0, nil
	}
	i := c.line
	for i < len(buf) && head.NameClass[buf[i]] != 0 {
		class |= head.NameClass[buf[i]]
		i++
	}
	switch {
	case i-c.line > head.MaxName:
		return false, 0, head.ErrNameLong
	case i == len(buf):
		return false, 0, nil
	case buf[i] != ':' || i == c.line:
		return false, 0, nameError(buf[c.line:i], buf[i])
	}
	name, start := buf[c.line:i], i+1
	i = textEnd(buf, max(c.at, start))
	if i == len(buf) {
		c.at = i
		return false, 0, nil
	}
	next, err := lineEnd(buf, i)
	if next == 0 {
		c.at = i
		return false, 0, err
	}
	f.Name, f.Value, f.Kind, f.Drop = name, head.Trim(buf[start:i]), head.KindOfToken(name), false
	c.next(next)
	return true, class, nil
}

// nameError returns the error for a field line whose name is followed by stop
// instead of a colon, or is empty.
func nameError(name []byte, stop byte) *head.Error {
	space := stop == ' ' || stop == '\t'
	switch {
	case space && len(name) == 0:
		return errFold
	case space:
		return errFieldSpace
	case stop == '\n' && len(name) == 0:
		return errBareLF
	case stop == '\r' || stop == '\n':
		return errNoColon
	}
	return head.ErrFieldName
}

// atEnd reports whether the line being read begins with CR: it is either the
// empty line that ends a section or an error, which lineEnd distinguishes.
func (c *cursor) atEnd(buf []byte) bool {
	return c.line < len(buf) && buf[c.line] == '\r'
}
