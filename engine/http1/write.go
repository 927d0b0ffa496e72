package http1

import "strconv"

// The writers append to dst and return it, and allocate nothing while it has
// room. They check nothing: names and values come from a parsed head, or are
// the caller's own.

// text is what a name or value may be given as.
type text interface{ ~string | ~[]byte }

// AppendRequestLine appends a request line of HTTP/1.1.
func AppendRequestLine[M, T text](dst []byte, method M, target T) []byte {
	dst = append(dst, method...)
	dst = append(dst, ' ')
	dst = append(dst, target...)
	return append(dst, " HTTP/1.1\r\n"...)
}

// AppendStatusLine appends a status line of HTTP/1.1 with the usual reason,
// or an empty one where there is none. status has three digits.
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

// AppendForwardable appends the field lines that a proxy copies: those that
// are not dropped, frame no message, and are not of the kinds to skip. It
// writes no empty line.
func AppendForwardable(dst []byte, fields []Field, skip KindSet) []byte {
	skip |= framing
	for i := range fields {
		if f := &fields[i]; !f.Drop && !skip.Has(f.Kind) {
			dst = AppendField(dst, f.Name, f.Value)
		}
	}
	return dst
}

// AppendInt appends n in decimal.
func AppendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

// AppendHexInt appends n, which is not negative, in hexadecimal.
func AppendHexInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 16) }

// AppendChunkHeader appends the size line of a chunk of n bytes, which must
// be positive: a chunk of 0 bytes ends the body. Its data and ChunkEnd follow.
func AppendChunkHeader(dst []byte, n int) []byte {
	return append(AppendHexInt(dst, int64(n)), "\r\n"...)
}

// ChunkEnd follows the data of each chunk.
const ChunkEnd = "\r\n"

// AppendLastChunk appends the end of a chunked body, with the trailers that
// are not dropped.
func AppendLastChunk(dst []byte, trailers []Field) []byte {
	dst = append(dst, "0\r\n"...)
	dst = AppendForwardable(dst, trailers, 0)
	return append(dst, "\r\n"...)
}
