package http1

import (
	"math"

	"github.com/ldcorn/ldcorn/engine/head"
)

// A chunkState says what the next byte of a chunked body belongs to.
type chunkState uint8

const (
	chunkSize    chunkState = iota
	chunkExt                // extensions, up to the CR
	chunkSizeLF             // the LF of the size line
	chunkData               // the data
	chunkDataCR             // the CR after the data
	chunkDataLF             // the LF after that
	chunkTrailer            // the trailers and the final empty line
	chunkDone
)

// Chunked decodes a chunked body as it arrives. The zero Chunked is at the
// start of a body. It is not safe for concurrent use.
//
// Chunked skips extensions, as RFC 9112 §7.1.1 requires of a recipient that
// does not know them. After an error, the state is undefined.
type Chunked struct {
	state    chunkState
	digits   uint8  // digits of the size so far
	left     uint64 // the size so far, then the remaining bytes of data; fits in an int64
	line     int    // bytes of the size line so far
	waste    uint64 // bytes of framing beyond what the amount of data justifies
	total    int64  // bytes of data so far
	chunks   int    // size lines so far
	section  []byte // the trailer section so far
	cursor   cursor // in section
	trailers []head.Field
}

// Reset prepares c for another body. It keeps buffers.
func (c *Chunked) Reset() {
	clear(c.trailers)
	*c = Chunked{section: c.section[:0], trailers: c.trailers[:0]}
}

// Next consumes n bytes from the start of buf and returns the data among them,
// which points into buf. Keep calling it with the following bytes until n is 0
// (more bytes must arrive) or done is true (the last CRLF was consumed). If a
// call consumes only framing, data is empty.
func (c *Chunked) Next(buf []byte) (data []byte, n int, done bool, err *head.Error) {
	for n < len(buf) && c.state != chunkDone {
		switch c.state {
		case chunkData:
			size := int(min(c.left, uint64(len(buf)-n)))
			data = buf[n : n+size]
			c.left -= uint64(size)
			c.total += int64(size)
			if c.left == 0 {
				c.state = chunkDataCR
			}
			return data, n + size, false, nil
		case chunkExt:
			end := textEnd(buf, n)
			c.line += end - n
			if n = end; c.line > maxExtension {
				return nil, n, false, errChunkExt
			}
			if n == len(buf) {
				return nil, n, false, nil
			}
			err = c.step(buf[n])
			n++
		case chunkTrailer:
			var used int
			used, err = c.trailer(buf[n:])
			n += used
		default:
			err = c.step(buf[n])
			n++
		}
		if err != nil {
			return nil, n, false, err
		}
	}
	return nil, n, c.state == chunkDone, nil
}

// Started reports whether any byte of the body was consumed.
func (c *Chunked) Started() bool { return c.state != chunkSize || c.digits > 0 || c.line > 0 }

// Len returns how many bytes of data Next has returned so far.
func (c *Chunked) Len() int64 { return c.total }

// Count returns how many chunks have begun so far, including the last one.
func (c *Chunked) Count() int { return c.chunks }

// step consumes one byte of framing outside trailers.
func (c *Chunked) step(b byte) *head.Error {
	switch c.state {
	case chunkSize:
		return c.size(b)
	case chunkExt:
		switch b {
		case '\r':
			c.state = chunkSizeLF
			return nil
		case '\n':
			return errBareLF
		}
		return head.ErrControl
	case chunkSizeLF:
		if b != '\n' {
			return errBareCR
		}
		return c.begin()
	case chunkDataCR:
		if b != '\r' {
			return errChunkEnd
		}
		c.state = chunkDataLF
	case chunkDataLF:
		if b != '\n' {
			return errChunkEnd
		}
		c.state, c.digits, c.line = chunkSize, 0, 0
	}
	return nil
}

// size consumes a byte of a chunk size, or the byte that ends it. A size has at
// most sixteen digits and no sign or space: RFC 9112 §7.1.
func (c *Chunked) size(b byte) *head.Error {
	digit := head.HexValue[b]
	switch {
	case digit != head.NotHex:
		if c.digits == 16 || c.left > math.MaxInt64>>4 {
			return errChunkSize
		}
		c.left = c.left<<4 | uint64(digit)
		c.digits++
		c.line++
	case c.digits == 0:
		return errChunkSize
	case b == ';':
		c.state = chunkExt
		c.line++
	case b == '\r':
		c.state = chunkSizeLF
	case b == '\n':
		return errBareLF
	default:
		return errChunkSize
	}
	return nil
}

// begin is called after a complete size line. A sender may wrap each byte in a
// chunk, which costs five bytes of framing each, but must not make us read
// megabytes of extensions for no data (CVE-2023-39326).
func (c *Chunked) begin() *head.Error {
	c.chunks++
	c.waste += uint64(c.line) + 4
	c.waste -= min(c.waste, 16+2*min(c.left, math.MaxUint32))
	if c.waste > maxWaste {
		return errChunkWaste
	}
	c.state = chunkData
	if c.left == 0 {
		c.state = chunkTrailer
	}
	return nil
}
