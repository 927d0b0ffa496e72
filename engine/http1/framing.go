package http1

const maxLengthDigits = 18 // so that no sum of lengths overflows

// frame decides how the body is framed, according to RFC 9112 §6.3.
func (r *Request) frame() *Error {
	if r.codings.count > 0 && r.seen.Has(KindContentLength) {
		return errBothFramings
	}
	err := r.codings.check(r.Minor)
	if err != nil || !r.seen.Has(KindContentLength) {
		r.Chunked = r.codings.count > 0
		return err
	}
	r.ContentLength, err = parseLength(r.length)
	return err
}

// frame decides how the body is framed. Unlike in a request, chunked takes
// precedence over a Content-Length, according to RFC 9112 §6.3 rule 3: the
// client never sees the length, because the proxy frames the answer itself.
// After such an answer the worker's connection is not reused, in case the
// worker meant the length after all.
func (r *Response) frame() *Error {
	err := r.codings.check(r.Minor)
	if err != nil {
		return err
	}
	r.Chunked = r.codings.count > 0
	if !r.seen.Has(KindContentLength) {
		return nil
	}
	if r.ContentLength, err = parseLength(r.length); r.Chunked {
		r.ContentLength = -1
	}
	return err
}

// codings are the codings in the Transfer-Encoding fields of a head.
type codings struct {
	count   int    // number of fields
	value   []byte // value of the last field
	chunked bool   // "chunked" is among them
	after   bool   // another coding follows it
}

func (c *codings) add(value []byte) {
	c.count++
	c.value = value
	for coding, rest := NextElement(value); len(coding) > 0; coding, rest = NextElement(rest) {
		c.after = c.after || c.chunked
		c.chunked = c.chunked || EqualFold(coding, "chunked")
	}
}

// check accepts only a single "chunked". Names of codings are case-insensitive,
// and nothing may follow them. If chunked is not the last coding, nobody can
// tell where the body ends (RFC 9112 §6.3 rule 4.3).
func (c *codings) check(minor int) *Error {
	switch {
	case c.count == 0:
		return nil
	case minor == 0:
		return errCoding10
	case c.after:
		return errCodingAfter
	case c.count > 1 || !EqualFold(c.value, "chunked"):
		return errCoding
	}
	return nil
}

// parseLength parses a Content-Length: 1 to 18 digits and nothing else.
func parseLength(value []byte) (int64, *Error) {
	if len(value) == 0 || len(value) > maxLengthDigits {
		return -1, errLength
	}
	var n int64
	for _, c := range value {
		if !isDigit(c) {
			return -1, errLength
		}
		n = n*10 + int64(c-'0')
	}
	return n, nil
}

// checkTrailer refuses announcements of trailers that would change the framing
// of the message.
func checkTrailer(value []byte) *Error {
	for name, rest := NextElement(value); len(name) > 0; name, rest = NextElement(rest) {
		switch {
		case EqualFold(name, "transfer-encoding"), EqualFold(name, "content-length"), EqualFold(name, "trailer"):
			return errTrailerName
		}
	}
	return nil
}
