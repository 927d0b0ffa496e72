package proxy

import "github.com/ldcorn/ldcorn/engine/http1"

// appendRecoded decodes what it can of a chunked body and appends the data as
// one chunk. n counts the bytes it took of src, which hold no more of the
// body where that is less than all. The last chunk is left to the caller.
func appendRecoded(out []byte, c *http1.Chunked, src []byte) (_ []byte, n int, done bool, err *http1.Error) {
	if len(src) == 0 {
		return out, 0, false, nil
	}
	// The data is at most what there is, and mostly has as many digits: room
	// for its size line is left in front, and data moved only if it is wrong.
	head := len(out)
	out = http1.AppendChunkHeader(out, len(src))
	data := len(out)
	out, n, done, err = appendDecoded(out, c, src)
	size := len(out) - data
	if err != nil || size == 0 {
		return out[:head], n, done, err
	}
	at := len(http1.AppendChunkHeader(out[:head], size))
	if at < data {
		copy(out[at:], out[data:])
		out = out[:at+size]
	}
	return append(out, http1.ChunkEnd...), n, done, nil
}

// appendDecoded decodes what it can of a chunked body and appends the data.
func appendDecoded(out []byte, c *http1.Chunked, src []byte) (_ []byte, n int, done bool, err *http1.Error) {
	for n < len(src) && !done {
		data, m, end, err := c.Next(src[n:])
		if err != nil {
			return out, n, false, err
		}
		out = append(out, data...)
		n, done = n+m, end
		if m == 0 {
			break
		}
	}
	return out, n, done, nil
}
