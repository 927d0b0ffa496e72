package http1

import (
	"bytes"

	"github.com/ldcorn/ldcorn/engine/head"
)

// A Response is the head of a worker's answer. Its slices point into the buffer
// that was parsed. The zero Response is ready to Parse. It is not safe for
// concurrent use.
type Response struct {
	Status int
	Minor  int    // minor version: 0 or 1; 1 for HTTP/1.2 and later
	Reason []byte // may be empty
	Fields []head.Field
	// ContentLength is -1 if not given. HEAD and 304 answers can have one
	// without a body.
	ContentLength int64
	Chunked       bool
	// KeepAlive means that the worker will read another request, unless the
	// body lasts until the connection closes.
	KeepAlive bool
	Upgrade   bool // 101 to a websocket; the caller knows whether it asked for that
	// OffersUpgrade means that this is a 426 whose Upgrade fields name what the
	// client should have asked for. They are not dropped in this case.
	OffersUpgrade bool
	HeadLen       int // bytes of the head; 0 until Parse has returned it

	cursor  cursor
	clean   bool // nothing has been parsed since Reset
	seen    head.KindSet
	codings codings
	length  []byte
	typeAt  int  // index of the last Content-Type in Fields
	socket  bool // Upgrade: websocket
	options options
}

// A BodyMode says how a body ends.
type BodyMode uint8

// The ways a body ends.
const (
	BodyNone BodyMode = iota // there is no body
	BodyLength
	BodyChunked
	BodyUntilClose
)

func (m BodyMode) String() string {
	return [...]string{"none", "length", "chunked", "until close"}[m&3]
}

// BodyMode returns how the body ends, according to RFC 9112 §6.3. head says
// whether the request was a HEAD. A length of 0 is BodyNone.
func (r *Response) BodyMode(head bool) BodyMode {
	switch {
	case head, r.Status < 200, r.Status == 204, r.Status == 304:
		return BodyNone
	case r.Chunked:
		return BodyChunked
	case r.ContentLength > 0:
		return BodyLength
	case r.ContentLength == 0:
		return BodyNone
	}
	return BodyUntilClose
}

// Reset forgets the head that was parsed completely or in part.
func (r *Response) Reset() {
	clear(r.Fields)
	clear(r.options.named)
	*r = Response{
		Fields:  r.Fields[:0],
		options: options{named: r.options.named[:0]},

		ContentLength: -1,
		clean:         true,
	}
}

// Parse parses one head, as Request.Parse does. Every error has status 502.
func (r *Response) Parse(buf []byte, lim *Limits) (n int, err *head.Error) {
	if lim == nil {
		lim = &DefaultLimits
	}
	if len(buf) == 0 {
		return 0, nil
	}
	if r.cursor.resume(buf) {
		if !r.clean {
			c := r.cursor
			r.Reset()
			r.cursor = c
		}
		r.clean = false
	}
	n, err = r.parse(buf[:min(len(buf), lim.MaxHead)], lim)
	if n == 0 && err == nil && len(buf) >= lim.MaxHead {
		err = ErrHeadLong
	}
	if err != nil {
		r.cursor.stage = stageIdle
		return 0, err.Gateway()
	}
	if n != 0 {
		r.cursor.stage = stageIdle
		r.HeadLen = n
	}
	return n, nil
}

// Get returns the value of the first field of kind k that is not dropped, or
// nil.
func (r *Response) Get(k head.Kind) []byte {
	if !r.seen.Has(k) {
		return nil
	}
	if f := head.Find(r.Fields, k); f != nil {
		return f.Value
	}
	return nil
}

// Seen returns the kinds of all fields, including dropped ones.
func (r *Response) Seen() head.KindSet { return r.seen }

func (r *Response) parse(buf []byte, lim *Limits) (int, *head.Error) {
	c := &r.cursor
	if c.stage == stageLine {
		if next, err := r.readLine(buf, lim.MaxLine); next == 0 {
			return 0, err
		}
	}
	for !c.atEnd(buf) {
		f := more(&r.Fields)
		ok, _, err := c.field(buf, f)
		if !ok {
			r.Fields = r.Fields[:len(r.Fields)-1]
			return 0, err
		}
		if len(r.Fields) > lim.MaxFields {
			return 0, head.ErrManyFields
		}
		if err := r.take(f); err != nil {
			return 0, err
		}
	}
	n, err := lineEnd(buf, c.line)
	if n == 0 {
		return 0, err
	}
	return n, r.finish()
}

// readLine reads the status line; see Request.readLine.
func (r *Response) readLine(buf []byte, maxLine int) (next int, err *head.Error) {
	c := &r.cursor
	c.at = textEnd(buf[:min(len(buf), maxLine)], c.at)
	switch {
	case c.at == len(buf):
		return 0, nil
	case c.at == maxLine && buf[maxLine] != '\r':
		return 0, errStatusLong
	}
	if next, err = lineEnd(buf, c.at); next == 0 {
		return 0, err
	}
	if err = r.parseLine(buf[:c.at]); err != nil {
		return 0, err
	}
	c.stage = stageFields
	c.next(next)
	return next, nil
}

// parseLine parses a line such as "HTTP/1.1 200 OK". RFC 9112 §4 requires the
// space before an empty reason, but many servers omit it, and nothing depends
// on it.
func (r *Response) parseLine(line []byte) *head.Error {
	const code, reason = len("HTTP/1.1 "), len("HTTP/1.1 200 ")
	if len(line) < reason-1 || line[code-1] != ' ' || len(line) >= reason && line[reason-1] != ' ' {
		return errStatusLine
	}
	minor, err := parseVersion(line[:code-1])
	if err != nil {
		return errStatusLine
	}
	for _, c := range line[code : reason-1] {
		if !head.IsDigit(c) {
			return errStatusLine
		}
		r.Status = r.Status*10 + int(c-'0')
	}
	if r.Status < 100 {
		return errStatusLine
	}
	r.Minor, r.Reason = minor, line[min(reason, len(line)):]
	return nil
}

func (r *Response) take(f *head.Field) *head.Error {
	k := f.Kind
	again := r.seen.Has(k)
	r.seen |= 1 << k
	f.Drop = k.OfConnection()
	switch k {
	case head.KindContentLength:
		// Equal fields count as one, as RFC 9112 §6.3 rule 5 allows: Uvicorn
		// 0.50 sends two when an app denies a websocket.
		if again && !bytes.Equal(r.length, f.Value) {
			return errLengthsDiffer
		}
		r.length = f.Value
	case head.KindContentType:
		// The last one counts, as in browsers (Fetch, "extract a MIME type")
		// and in nginx. When Uvicorn denies a websocket, the last one is the
		// app's.
		if again {
			r.Fields[r.typeAt].Drop = true
		}
		r.typeAt = len(r.Fields) - 1
	case head.KindTransferEncoding:
		r.codings.add(f.Value)
	case head.KindConnection:
		return r.options.parse(f.Value, false)
	case head.KindUpgrade:
		r.socket = !again && head.EqualFold(f.Value, "websocket")
	case head.KindTrailer:
		return head.CheckTrailer(f.Value)
	}
	return nil
}

func (r *Response) finish() *head.Error {
	if err := r.frame(); err != nil {
		return err
	}
	r.options.drop(r.Fields)
	if r.Status == 426 && r.seen.Has(head.KindUpgrade) {
		r.offerUpgrade()
	}
	r.KeepAlive = r.options.keepAlive(r.Minor) && !(r.Chunked && r.seen.Has(head.KindContentLength))
	r.Upgrade = r.Status == 101 && r.Minor == 1 && r.options.upgrade && r.socket
	return nil
}

// offerUpgrade restores the Upgrade fields, without which a 426 makes no sense
// (RFC 9110 §15.5.22). They were dropped because Connection names them.
func (r *Response) offerUpgrade() {
	r.OffersUpgrade = true
	for i := range r.Fields {
		if r.Fields[i].Kind == head.KindUpgrade {
			r.Fields[i].Drop = false
		}
	}
}
