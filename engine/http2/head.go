package http2

import (
	"net/http"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// maxHeader returns how large a head may be.
func maxHeader(p *plan.Plan) int {
	if p.MaxHeaderSize > 0 {
		return p.MaxHeaderSize
	}
	return http1.DefaultLimits.MaxHead
}

// slack is how much larger than maxHeader a head may be for net/http. Such a head is
// refused with an answer of our own. A larger one ends the connection, with all its
// streams.
const slack = 64 << 10

// fieldCost is how much a field counts beside its text (RFC 9113 section 10.5.1).
const fieldCost = 32

// Refusals of heads that only HTTP/2 can have (RFC 9113 sections 8.1.1 and 8.3.1).
var (
	errAuthority  = head.Refuse(400, "the host differs from :authority")
	errBodyLength = head.Refuse(400, "the body does not have the length that the head gives")
	errPath       = head.Refuse(400, "malformed :path")
	errPathLong   = head.Refuse(414, ":path too long")
)

// A headReader makes a head.Request of what net/http has read. It keeps its memory
// for the next one.
type headReader struct {
	names  []string
	fields []head.Field
	text   []byte // backs the head
}

// read fills in a head. net/http has put the names of fields into its own case,
// and has lost the order of different names: the names get the case that they
// must have come in, which is lower, and are sorted.
func (h *headReader) read(to *head.Request, r *http.Request, p *plan.Plan) *head.Error {
	to.Reset()
	to.Proto = "HTTP/2.0"
	h.fields = h.fields[:0]
	size := h.list(r)
	switch {
	case len(r.RequestURI) > maxHeader(p):
		return errPathLong
	case size > maxHeader(p):
		return http1.ErrHeadLong
	case !isPath(r):
		return errPath
	}
	if len(h.names) > http1.DefaultLimits.MaxFields {
		return head.ErrManyFields
	}
	if hosts := r.Header["Host"]; len(hosts) > 1 || len(hosts) == 1 && !strings.EqualFold(hosts[0], r.Host) {
		return errAuthority
	}
	method, target := r.Method, h.add(r.RequestURI)
	socket := isConnect(r)
	if socket {
		method = "GET"
		h.fields = append(h.fields, head.Field{Name: keyName, Value: []byte(newKey())})
	}
	if r.Host != "" {
		h.fields = append(h.fields, head.Field{Name: hostName, Value: h.add(r.Host)})
	}
	for _, name := range h.names {
		lower := h.addLower(name)
		for _, value := range r.Header[name] {
			h.fields = append(h.fields, head.Field{Name: lower, Value: h.add(value)})
		}
	}
	if len(h.fields) > http1.DefaultLimits.MaxFields {
		return head.ErrManyFields
	}
	if err := to.Fill("HTTP/2.0", h.add(method), target, h.fields, r.ContentLength < 0, p.UnderscoresInHeaders); err != nil {
		return err
	}
	if socket {
		return openSocket(to, r)
	}
	if to.ContentLength >= 0 && to.ContentLength != r.ContentLength {
		return errBodyLength // the stream has ended with the head
	}
	return nil
}

// isPath reports whether the target has a form that :path can have. Others are the
// target of a CONNECT, which is refused as a method.
func isPath(r *http.Request) bool {
	return strings.HasPrefix(r.RequestURI, "/") || r.RequestURI == "*" && r.Method == "OPTIONS" || r.Method == "CONNECT" && !isConnect(r)
}

var hostName, keyName = []byte("host"), []byte("sec-websocket-key")

// list lists the names of the fields, and makes room for all text. It returns the size
// of the head.
func (h *headReader) list(r *http.Request) int {
	h.names = h.names[:0]
	size, count := len(r.Method)+len(r.RequestURI)+len(r.Host), 0
	for name, values := range r.Header {
		if name == "Host" || name[0] == ':' || name == "Sec-Websocket-Key" && isConnect(r) {
			continue
		}
		h.names = append(h.names, name)
		size += len(name) * len(values)
		count += len(values)
		for _, v := range values {
			size += len(v)
		}
	}
	slices.Sort(h.names)
	h.text = slices.Grow(h.text[:0], size) // so that it does not move
	return size + fieldCost*count
}

func (h *headReader) add(s string) []byte {
	from := len(h.text)
	h.text = append(h.text, s...)
	return h.text[from:len(h.text):len(h.text)]
}

func (h *headReader) addLower(s string) []byte {
	b := h.add(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return b
}

// maxKept is how much memory for heads is kept.
const maxKept = 16 << 10

// reset drops what was read.
func (h *headReader) reset() {
	clear(h.names)
	clear(h.fields)
	if cap(h.text) > maxKept {
		h.text = nil
	}
}
