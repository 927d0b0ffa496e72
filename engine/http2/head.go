package http2

import (
	"slices"
	"strings"

	"golang.org/x/net/http2/hpack"

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

// slack is how much larger than maxHeader a head may be that is refused with an answer.
// A larger one ends the connection, with all its streams.
const slack = 64 << 10

// Refusals of heads that only HTTP/2 can have (RFC 9113 sections 8.1.1 and 8.3.1).
var (
	errAuthority  = head.Refuse(400, "the host differs from :authority")
	errBodyLength = head.Refuse(400, "the body does not have the length that the head gives")
	errConnection = head.Refuse(400, "a field of a connection of HTTP/1.1")
	errPath       = head.Refuse(400, "malformed :path")
	errPathLong   = head.Refuse(414, ":path too long")
	errTE         = head.Refuse(400, "a te other than trailers")
)

// A headReader makes a head.Request of a block. It keeps its memory for the next one.
type headReader struct {
	fields []head.Field
	text   []byte // backs the head
}

// read fills in a head. The fields keep their order.
func (h *headReader) read(to *head.Request, b *block, p *plan.Plan) *head.Error {
	to.Reset()
	to.Proto = "HTTP/2.0"
	h.fields = h.fields[:0]
	h.text = slices.Grow(h.text[:0], b.size+keyLen) // so that it does not move
	switch size := b.listSize(); {
	case len(b.path) > maxHeader(p):
		return errPathLong
	case size > maxHeader(p):
		return http1.ErrHeadLong
	case !b.isPath():
		return errPath
	case len(b.fields) > http1.DefaultLimits.MaxFields:
		return head.ErrManyFields
	}
	method, target := b.method, h.add(b.path)
	if b.isConnect() {
		method = "GET"
		h.fields = append(h.fields, head.Field{Name: keyName, Value: h.add(newKey())})
	}
	if b.authority != "" {
		h.fields = append(h.fields, head.Field{Name: hostName, Value: h.add(b.authority)})
	}
	if err := h.addFields(b); err != nil {
		return err
	}
	if len(h.fields) > http1.DefaultLimits.MaxFields {
		return head.ErrManyFields
	}
	if err := to.Fill("HTTP/2.0", h.add(method), target, h.fields, !b.ends, p.UnderscoresInHeaders); err != nil {
		return err
	}
	if b.isConnect() {
		return openSocket(to, b.protocol)
	}
	if b.ends && to.ContentLength > 0 {
		return errBodyLength
	}
	return nil
}

// listSize returns the size of the head: of the text that HTTP/1.1 has, and what the
// fields cost.
func (b *block) listSize() int {
	size := len(b.method) + len(b.path) + len(b.authority) + fieldCost*len(b.fields)
	for i := range b.fields {
		size += len(b.fields[i].Name) + len(b.fields[i].Value)
	}
	return size
}

// isPath reports whether the target has a form that :path can have. Others are the
// target of a CONNECT, which is refused as a method.
func (b *block) isPath() bool {
	return strings.HasPrefix(b.path, "/") || b.path == "*" && b.method == "OPTIONS" || b.method == "CONNECT" && !b.isConnect()
}

var hostName, keyName = []byte("host"), []byte("sec-websocket-key")

// addFields adds the fields but those that :authority and an extended CONNECT stand
// for. The host, if there is no :authority, comes first, and cookies become one field
// (RFC 9113 section 8.2.3).
func (h *headReader) addFields(b *block) *head.Error {
	host, cookies := b.authority, -1
	for i := range b.fields {
		f := &b.fields[i]
		switch f.Name {
		case "connection", "proxy-connection", "transfer-encoding", "upgrade", "keep-alive":
			return errConnection
		case "te":
			if f.Value != "trailers" && f.Value != "" {
				return errTE
			}
		case "host":
			if host != "" && !strings.EqualFold(host, f.Value) {
				return errAuthority
			}
			if host != "" && b.authority != "" {
				continue
			}
			host = f.Value
		case "sec-websocket-key":
			if b.isConnect() {
				continue
			}
		case "cookie":
			if cookies >= 0 {
				continue // it is a part of the first one
			}
			cookies = len(h.fields)
			h.fields = append(h.fields, head.Field{Name: h.add(f.Name), Value: h.addCookies(b.fields[i:])})
			continue
		}
		h.fields = append(h.fields, head.Field{Name: h.add(f.Name), Value: h.add(f.Value)})
	}
	return nil
}

// addCookies joins the values of all cookie fields.
func (h *headReader) addCookies(fields []hpack.HeaderField) []byte {
	from := len(h.text)
	for i := range fields {
		if fields[i].Name == "cookie" {
			if len(h.text) > from {
				h.text = append(h.text, "; "...)
			}
			h.text = append(h.text, fields[i].Value...)
		}
	}
	return h.text[from:len(h.text):len(h.text)]
}

func (h *headReader) add(s string) []byte {
	from := len(h.text)
	h.text = append(h.text, s...)
	return h.text[from:len(h.text):len(h.text)]
}

// maxKept is how much memory for heads is kept.
const maxKept = 16 << 10

// reset drops what was read.
func (h *headReader) reset() {
	clear(h.fields)
	if cap(h.text) > maxKept {
		h.text = nil
	}
}
