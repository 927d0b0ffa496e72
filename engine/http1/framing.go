package http1

import "github.com/ldcorn/ldcorn/engine/head"

// frame decides how the body is framed, according to RFC 9112 §6.3.
func (r *Request) frame() *head.Error {
	if r.codings.count > 0 && r.Seen().Has(head.KindContentLength) {
		return errBothFramings
	}
	if err := r.codings.check(r.Minor); err != nil {
		return err
	}
	r.Streamed = r.codings.count > 0
	return r.SetLength()
}

// frame decides how the body is framed. Unlike in a request, chunked takes
// precedence over a Content-Length, according to RFC 9112 §6.3 rule 3: the
// client never sees the length, because the proxy frames the answer itself.
// After such an answer the worker's connection is not reused, in case the
// worker meant the length after all.
func (r *Response) frame() *head.Error {
	err := r.codings.check(r.Minor)
	if err != nil {
		return err
	}
	r.Chunked = r.codings.count > 0
	if !r.seen.Has(head.KindContentLength) {
		return nil
	}
	if r.ContentLength, err = head.ParseLength(r.length); r.Chunked {
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
	for coding, rest := head.NextElement(value); len(coding) > 0; coding, rest = head.NextElement(rest) {
		c.after = c.after || c.chunked
		c.chunked = c.chunked || head.EqualFold(coding, "chunked")
	}
}

// check accepts only a single "chunked". Names of codings are case-insensitive,
// and nothing may follow them. If chunked is not the last coding, nobody can
// tell where the body ends (RFC 9112 §6.3 rule 4.3).
func (c *codings) check(minor int) *head.Error {
	switch {
	case c.count == 0:
		return nil
	case minor == 0:
		return errCoding10
	case c.after:
		return errCodingAfter
	case c.count > 1 || !head.EqualFold(c.value, "chunked"):
		return errCoding
	}
	return nil
}
