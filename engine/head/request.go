package head

// A Request is the head of a request. A codec fills it in: either with
// SetMethod and SetTarget, Append and Take for each field, and CheckHost; or
// with Fill, which does all of that. Its slices point into what the codec has
// read, or into the Request itself, and are valid until either is reused. Call
// Reset on the zero Request before use. A Request is not safe for concurrent
// use.
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
	Proto  string // the version, such as "HTTP/1.1"; "" until it is known
	Fields []Field
	// Host is the host of an absolute-form target, otherwise of the Host field,
	// with its port. Only in HTTP/1.0 can it be empty, for the caller to fill
	// in. The value of the Host field is the same.
	Host           []byte
	ContentLength  int64 // -1 if not given
	Streamed       bool  // a body follows, and the head does not give its length
	ExpectContinue bool  // the client waits for 100 before it sends its body
	// Upgrade means that this is a valid websocket handshake. An invalid one is
	// refused. Other upgrades are ignored: their fields are dropped and the
	// request continues.
	Upgrade    bool
	TETrailers bool // the client accepts trailers
	OddNames   bool // at least one field has Drop set because of its name

	seen      KindSet
	length    []byte
	hostAt    int    // index of the Host field
	authority []byte // from an absolute-form target
	decoded   []byte // buffer for Path
	origin    []byte // buffer for Origin
}

// Reset forgets the head. It keeps its own buffers, but no references to those
// of the codec.
func (r *Request) Reset() {
	clear(r.Fields)
	*r = Request{Fields: r.Fields[:0], decoded: r.decoded[:0], origin: r.origin[:0], ContentLength: -1}
}

// HasBody reports whether a body follows the head.
func (r *Request) HasBody() bool { return r.Streamed || r.ContentLength > 0 }

// Get returns the value of the first field of kind k that is not dropped, or
// nil.
func (r *Request) Get(k Kind) []byte {
	if !r.seen.Has(k) {
		return nil
	}
	if f := Find(r.Fields, k); f != nil {
		return f.Value
	}
	return nil
}

// Seen returns the kinds of all fields, including dropped ones.
func (r *Request) Seen() KindSet { return r.seen }

// NamesHost reports whether the client named the host. If not, Host is what the
// caller has filled in.
func (r *Request) NamesHost() bool { return r.seen.Has(KindHost) || r.authority != nil }

// SetMethod checks and sets the method.
func (r *Request) SetMethod(method []byte) *Error {
	if !IsToken(method) {
		return errMethod
	}
	r.Method = method
	// Methods are case-sensitive, but the recipient may not know that.
	if len(method) == 5 && EqualFold(method, "trace") || len(method) == 7 && EqualFold(method, "connect") {
		return errMethodDeny
	}
	return nil
}

// Take records the meaning of the last field in Fields, whose Kind must be set.
// CheckHost and SetLength handle what depends on other fields.
func (r *Request) Take() *Error {
	f := &r.Fields[len(r.Fields)-1]
	k := f.Kind
	again := r.seen.Has(k)
	r.seen |= 1 << k
	f.Drop = f.Drop || k.OfConnection()
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
	case KindTE:
		r.TETrailers = r.TETrailers || HasElement(f.Value, "trailers")
	case KindTrailer:
		return CheckTrailer(f.Value)
	case KindExpect:
		return r.expect(f.Value)
	}
	return nil
}

// CheckName drops the last field in Fields if an app could mistake its name for
// another (CVE-2026-3902). class holds the classes of the bytes in the name.
func (r *Request) CheckName(class uint8, underscores bool) {
	f := &r.Fields[len(r.Fields)-1]
	if class != TokenByte && dropsName(f.Name, class, underscores) {
		r.OddNames, f.Drop = true, true
	}
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

// SetLength sets ContentLength from its field, if there is one.
func (r *Request) SetLength() (err *Error) {
	if r.seen.Has(KindContentLength) {
		r.ContentLength, err = ParseLength(r.length)
	}
	return err
}

// Fill fills in the Request from a head that arrived in parts, as it does in
// HTTP/2: method and target, and then fields, one of which is the host. It must
// be called after Reset. streamed says whether a body follows.
func (r *Request) Fill(proto string, method, target []byte, fields []Field, streamed, underscores bool) *Error {
	r.Proto = proto
	if err := r.SetMethod(method); err != nil {
		return err
	}
	if err := r.SetTarget(target); err != nil {
		return err
	}
	for i := range fields {
		if err := r.add(fields[i].Name, fields[i].Value, underscores); err != nil {
			return err
		}
	}
	if err := r.CheckHost(true); err != nil {
		return err
	}
	if err := r.SetLength(); err != nil {
		return err
	}
	r.Streamed = streamed && r.ContentLength < 0
	r.ExpectContinue = r.ExpectContinue && r.HasBody()
	return nil
}

// add adds a field.
func (r *Request) add(name, value []byte, underscores bool) *Error {
	class := uint8(0)
	for _, c := range name {
		if NameClass[c] == 0 {
			return ErrFieldName
		}
		class |= NameClass[c]
	}
	switch {
	case len(name) == 0:
		return ErrFieldName
	case len(name) > MaxName:
		return ErrNameLong
	}
	for _, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
			return ErrControl
		}
	}
	r.Fields = append(r.Fields, Field{Name: name, Value: Trim(value), Kind: KindOfToken(name)})
	r.CheckName(class, underscores)
	return r.Take()
}
