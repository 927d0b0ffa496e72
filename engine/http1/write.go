package http1

import (
	"strconv"

	"github.com/ldcorn/ldcorn/engine/head"
)

// The writers append to dst and return it, and allocate nothing if it has room.
// They check nothing: names and values come from a parsed head, or are the
// caller's own.

// text is the constraint for names and values.
type text interface{ ~string | ~[]byte }

// AppendRequestLine appends a request line of HTTP/1.1.
func AppendRequestLine[M, T text](dst []byte, method M, target T) []byte {
	dst = append(dst, method...)
	dst = append(dst, ' ')
	dst = append(dst, target...)
	return append(dst, " HTTP/1.1\r\n"...)
}

// AppendStatusLine appends a status line of HTTP/1.1 with the standard reason,
// or an empty one if there is none. status must have three digits.
func AppendStatusLine(dst []byte, status int) []byte {
	return AppendStatusLineReason(dst, status, StatusText(status))
}

// AppendStatusLineReason appends a status line of HTTP/1.1 with its reason.
func AppendStatusLineReason[R text](dst []byte, status int, reason R) []byte {
	dst = append(dst, "HTTP/1.1 "...)
	dst = append(dst, byte('0'+status/100%10), byte('0'+status/10%10), byte('0'+status%10), ' ')
	dst = append(dst, reason...)
	return append(dst, "\r\n"...)
}

// AppendField appends a field line.
func AppendField[N, V text](dst []byte, name N, value V) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

// AppendForwardable appends the field lines that a proxy copies: those that are
// not dropped, do not frame a message, and are not of the kinds in skip. It
// does not append an empty line.
func AppendForwardable(dst []byte, fields []head.Field, skip head.KindSet) []byte {
	skip |= head.Framing
	for i := range fields {
		if f := &fields[i]; !f.Drop && !skip.Has(f.Kind) {
			dst = AppendField(dst, f.Name, f.Value)
		}
	}
	return dst
}

// AppendInt appends n in decimal.
func AppendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

// AppendHexInt appends n, which must not be negative, in hexadecimal.
func AppendHexInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 16) }

// AppendChunkHeader appends the size line of a chunk of n bytes. n must be
// positive, because a chunk of 0 bytes ends the body. The data and ChunkEnd
// must follow.
func AppendChunkHeader(dst []byte, n int) []byte {
	return append(AppendHexInt(dst, int64(n)), "\r\n"...)
}

// ChunkEnd follows the data of each chunk.
const ChunkEnd = "\r\n"

// AppendLastChunk appends the end of a chunked body, with the trailers that are
// not dropped.
func AppendLastChunk(dst []byte, trailers []head.Field) []byte {
	dst = append(dst, "0\r\n"...)
	dst = AppendForwardable(dst, trailers, 0)
	return append(dst, "\r\n"...)
}
