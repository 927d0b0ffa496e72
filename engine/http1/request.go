package http1

// A Request is a parsed request head. Its slices point into the buffer that was
// parsed, or into the Request itself, and are valid until either is reused. The
// zero Request is ready to Parse. It is not safe for concurrent use.
type Request struct {
	Method []byte
	Target []byte // as received
	// Origin is the target in origin-form: Target itself or, for an
	// absolute-form, Target without its scheme and authority.
	Origin  []byte
	RawPath []byte // path of the target, still escaped; "/" if an absolute-form has none, "*" for OPTIONS *
	Query   []byte // without "?"
	// Path is RawPath decoded once, as the app will see it: the result of
	// Python's unquote, in which bytes that are not UTF-8 have become U+FFFD.
	Path   []byte
	Minor  int // minor version: 0 or 1; 1 for HTTP/1.2 and later
	Fields []Field
	// Host is the host of an absolute-form target, otherwise of the Host field,
	// with its port. Only in HTTP/1.0 can it be empty, for the caller to fill
	// in. The value of the Host field is the same.
	Host           []byte
	ContentLength  int64 // -1 if not given
	Chunked        bool
	KeepAlive      bool // the client may send another request
	ExpectContinue bool // the client waits for 100 before it sends its body
	// Upgrade means that this is a valid websocket handshake. An invalid one is
	// refused. Other upgrades are ignored: their fields are dropped and the
	// request continues.
	Upgrade    bool
	TETrailers bool // the client accepts trailers
	OddNames   bool // at least one field has Drop set because of its name
	HeadLen    int  // bytes of the head; 0 until Parse has returned it

	cursor    cursor
	clean     bool // nothing has been parsed since Reset
	seen      KindSet
	codings   codings
	length    []byte
	hostAt    int    // index of the Host field
	authority []byte // from an absolute-form target
	options   options
	decoded   []byte // buffer for Path
	origin    []byte // buffer for Origin
}

// Reset forgets the head that was parsed completely or in part. It keeps its
// own buffers, but not references to the parsed one.
func (r *Request) Reset() {
	clear(r.Fields)
	clear(r.options.named)
	*r = Request{
		Fields:  r.Fields[:0],
		options: options{named: r.options.named[:0]},
		decoded: r.decoded[:0],
		origin:  r.origin[:0],

		ContentLength: -1,
		clean:         true,
	}
}

// Parse parses one head at the start of buf and returns its length. If n is 0
// without an error, the head is incomplete: call Parse again with the same
// bytes followed by more, preferably in the same place (a buffer that moved is
// read from its start). A nil lim means DefaultLimits.
//
// After a complete head or an error, the next call starts a new head; to
// abandon an incomplete head, call Reset. After an error, the fields parsed
// before it (Method and Target at most) can be logged.
func (r *Request) Parse(buf []byte, lim *Limits) (n int, err *Error) {
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

// HasBody reports whether a body follows the head.
func (r *Request) HasBody() bool { return r.Chunked || r.ContentLength > 0 }

// Get returns the value of the first field of kind k that is not dropped, or
// nil.
func (r *Request) Get(k Kind) []byte {
	if !r.seen.Has(k) {
		return nil
	}
	if f := find(r.Fields, k); f != nil {
		return f.Value
	}
	return nil
}

// Seen returns the kinds of all fields, including dropped ones.
func (r *Request) Seen() KindSet { return r.seen }

func (r *Request) parse(buf []byte, lim *Limits) (int, *Error) {
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
			return 0, errManyFields
		}
		if class != tokenByte && dropsName(f.Name, class, lim) {
			r.OddNames, f.Drop = true, true
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

// more appends a field to the list and returns it. Its content is undefined.
func more(fields *[]Field) *Field {
	n := len(*fields)
	if n < cap(*fields) {
		*fields = (*fields)[:n+1]
	} else {
		*fields = append(*fields, Field{})
	}
	return &(*fields)[n]
}

// take records what one field means. finish handles what depends on other
// fields.
func (r *Request) take(f *Field) *Error {
	k := f.Kind
	again := r.seen.Has(k)
	r.seen |= 1 << k
	f.Drop = f.Drop || hopByHop.Has(k)
	switch k {
	case KindHost:
		if again {
			return errHosts
		}
		r.hostAt = len(r.Fields) - 1
	case KindContentLength:
		if again {
			return errLengths
		}
		r.length = f.Value
	case KindTransferEncoding:
		r.codings.add(f.Value)
	case KindConnection:
		return r.options.parse(f.Value, true)
	case KindTE:
		r.TETrailers = r.TETrailers || HasElement(f.Value, "trailers")
	case KindTrailer:
		return checkTrailer(f.Value)
	case KindExpect:
		return r.expect(f.Value)
	}
	return nil
}

// expect parses an Expect field, which is a list (RFC 9110 §10.1.1).
func (r *Request) expect(value []byte) *Error {
	for member, rest := NextElement(value); len(member) > 0; member, rest = NextElement(rest) {
		if !EqualFold(member, "100-continue") {
			return errExpect
		}
		r.ExpectContinue = true
	}
	return nil
}

// finish decides what depends on the whole head.
func (r *Request) finish() *Error {
	if err := r.frame(); err != nil {
		return err
	}
	if err := r.checkHost(); err != nil {
		return err
	}
	r.options.drop(r.Fields)
	r.KeepAlive = r.options.keepAlive(r.Minor)
	r.ExpectContinue = r.ExpectContinue && r.Minor == 1 && r.HasBody()
	return r.handshake()
}
