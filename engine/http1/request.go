package http1

import "github.com/ldcorn/ldcorn/engine/head"

// A Request is a parsed request head of HTTP/1. The embedded head.Request holds
// what is the same in every version. The zero Request is ready to Parse. It is
// not safe for concurrent use.
type Request struct {
	head.Request
	Minor     int  // minor version: 0 or 1; 1 for HTTP/1.2 and later
	KeepAlive bool // the client may send another request
	HeadLen   int  // bytes of the head; 0 until Parse has returned it

	cursor  cursor
	clean   bool // nothing has been parsed since Reset
	codings codings
	options options
}

// Reset forgets the head that was parsed completely or in part. It keeps its
// own buffers, but not references to the parsed one.
func (r *Request) Reset() {
	r.Request.Reset()
	clear(r.options.named)
	r.Minor, r.KeepAlive, r.HeadLen = 0, false, 0
	r.cursor, r.clean, r.codings = cursor{}, true, codings{}
	r.options = options{named: r.options.named[:0]}
}

// Parse parses one head at the start of buf and returns its length. If n is 0
// without an error, the head is incomplete: call Parse again with the same
// bytes followed by more, preferably in the same place (a buffer that moved is
// read from its start). A nil lim means DefaultLimits.
//
// After a complete head or an error, the next call starts a new head; to
// abandon an incomplete head, call Reset. After an error, the fields parsed
// before it (Method and Target at most) can be logged.
func (r *Request) Parse(buf []byte, lim *Limits) (n int, err *head.Error) {
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
		if r.cursor.stage == stageLine {
			err = errLineLong
		}
	}
	if err != nil {
		r.cursor.stage = stageIdle
		return 0, err
	}
	if n != 0 {
		r.cursor.stage = stageIdle
		r.HeadLen = n
	}
	return n, nil
}

func (r *Request) parse(buf []byte, lim *Limits) (int, *head.Error) {
	c := &r.cursor
	if c.stage == stageLine {
		if next, err := r.readLine(buf, lim.MaxLine); next == 0 {
			return 0, err
		}
	}
	for !c.atEnd(buf) {
		f := more(&r.Fields)
		ok, class, err := c.field(buf, f)
		if !ok {
			r.Fields = r.Fields[:len(r.Fields)-1]
			return 0, err
		}
		if len(r.Fields) > lim.MaxFields {
			return 0, head.ErrManyFields
		}
		r.CheckName(class, lim.Underscores)
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

// more appends a field to the list and returns it. Its content is undefined.
func more(fields *[]head.Field) *head.Field {
	n := len(*fields)
	if n < cap(*fields) {
		*fields = (*fields)[:n+1]
	} else {
		*fields = append(*fields, head.Field{})
	}
	return &(*fields)[n]
}

// take records what one field means. finish handles what depends on other
// fields.
func (r *Request) take(f *head.Field) *head.Error {
	if err := r.Take(); err != nil {
		return err
	}
	switch f.Kind {
	case head.KindTransferEncoding:
		r.codings.add(f.Value)
	case head.KindConnection:
		return r.options.parse(f.Value, true)
	}
	return nil
}

// finish decides what depends on the whole head.
func (r *Request) finish() *head.Error {
	if err := r.frame(); err != nil {
		return err
	}
	if err := r.CheckHost(r.Minor == 1); err != nil {
		return err
	}
	r.options.drop(r.Fields)
	r.KeepAlive = r.options.keepAlive(r.Minor)
	r.ExpectContinue = r.ExpectContinue && r.Minor == 1 && r.HasBody()
	return r.handshake()
}
