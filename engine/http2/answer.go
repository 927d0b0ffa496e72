package http2

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/proxy"
)

// dateFormat is that of a Date field (RFC 9110 section 5.6.7).
const dateFormat = "Mon, 02 Jan 2006 15:04:05 GMT"

// An answerHead is a copy of a proxy.AnswerHead.
type answerHead struct {
	status int
	lines  []byte // the fields, as lines of HTTP/1.1
	length int64  // of the body; -1 = not known
}

// compose copies what h says.
func (a *answerHead) compose(h *proxy.AnswerHead) {
	a.status, a.length = h.Status, h.Length
	a.lines = a.lines[:0]
	if h.Media != "" {
		a.lines = http1.AppendField(a.lines, "Content-Type", h.Media)
	}
	a.lines = h.AppendFields(a.lines)
	if h.ID != nil {
		a.lines = append(a.lines, "Date: "...)
		a.lines = time.Now().UTC().AppendFormat(a.lines, dateFormat)
		a.lines = append(a.lines, "\r\n"...)
		a.lines = http1.AppendField(a.lines, "X-Request-ID", h.ID)
	}
	if h.Media != "" {
		a.lines = h.AppendAdvice(a.lines)
	}
}

func (a *answerHead) reset() {
	if a.status, a.lines = 0, a.lines[:0]; cap(a.lines) > maxKept {
		a.lines = nil
	}
}

// appendTrailers appends the trailers that are forwarded, as lines.
func appendTrailers(b []byte, trailers []head.Field) []byte {
	return http1.AppendForwardable(b, trailers, 0)
}

// An encoder compresses the heads of a connection's answers, in the order in which they
// are sent.
type encoder struct {
	enc *hpack.Encoder
	buf []byte

	values [fewValues]string // memory for the values of fields
	used   int
}

// fewValues is how many fields most answers have at most, and shortValue how many
// bytes most values have.
const (
	fewValues  = 16
	shortValue = 128
)

func (e *encoder) init() { e.enc = hpack.NewEncoder(e) }

// Write is for hpack.
func (e *encoder) Write(p []byte) (int, error) {
	e.buf = append(e.buf, p...)
	return len(p), nil
}

// begin begins a block.
func (e *encoder) begin() {
	if cap(e.buf) > maxKept {
		e.buf = nil
	}
	e.buf, e.used = e.buf[:0], 0
}

// encode returns the block of a head, which is valid until the next call.
func (e *encoder) encode(h *answerHead) []byte {
	e.begin()
	e.field(":status", statusText(h.status), false)
	e.lines(h.lines)
	if h.length >= 0 {
		e.field("content-length", strconv.FormatInt(h.length, 10), true)
	}
	return e.buf
}

// encodeLines returns the block of trailers, which is valid until the next call.
func (e *encoder) encodeLines(lines []byte) []byte {
	e.begin()
	e.lines(lines)
	return e.buf
}

// field adds a field. Those that vary from answer to answer do not go to the table that
// later blocks refer to: they would only push others out.
func (e *encoder) field(name, value string, varies bool) {
	_ = e.enc.WriteField(hpack.HeaderField{Name: name, Value: value, Sensitive: varies})
}

// lines adds fields.
func (e *encoder) lines(lines []byte) {
	for len(lines) > 0 {
		line, rest, _ := bytes.Cut(lines, crlf)
		lines = rest
		name, value, _ := bytes.Cut(line, colon)
		if kind := head.KindOfToken(name); kind.OfConnection() || kind.Frames() || kind == head.KindSecWebSocketAccept {
			continue
		}
		key, varies := nameOf(name)
		e.field(key, e.value(head.Trim(value)), varies)
	}
}

// value returns a value as a string. It is mostly the same as that of the answer before,
// which then is used again.
func (e *encoder) value(v []byte) string {
	if e.used >= fewValues || len(v) > shortValue {
		return string(v)
	}
	i := e.used
	e.used++
	if e.values[i] != string(v) {
		e.values[i] = string(v)
	}
	return e.values[i]
}

// statusText returns the digits of a status.
func statusText(status int) string {
	switch status {
	case 200:
		return "200"
	case 304:
		return "304"
	case 404:
		return "404"
	}
	return strconv.Itoa(status)
}

var crlf, colon = []byte("\r\n"), []byte(":")

// A fieldName is a name as HTTP/2 has it.
type fieldName struct {
	lower  string
	varies bool // its values vary from answer to answer
}

// nameOf returns the name of a field in lower case, and whether its values vary.
func nameOf(name []byte) (lower string, varies bool) {
	if n, ok := commonNames[string(name)]; ok {
		return n.lower, n.varies
	}
	return strings.ToLower(string(name)), false
}

// commonNames are names as apps and ldcorn write them, which need not be made anew.
var commonNames = func() map[string]fieldName {
	m := map[string]fieldName{}
	add := func(varies bool, names ...string) {
		for _, name := range names {
			lower := fieldName{strings.ToLower(name), varies}
			m[name], m[lower.lower] = lower, lower
		}
	}
	add(false, "Accept-Ranges", "Access-Control-Allow-Credentials", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods",
		"Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Access-Control-Max-Age", "Allow", "Alt-Svc",
		"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Security-Policy", "Content-Type",
		"Cross-Origin-Opener-Policy", "Date", "Permissions-Policy", "Pragma", "Referrer-Policy", "Retry-After", "Server",
		"Strict-Transport-Security", "Vary", "Via", "WWW-Authenticate", "X-Accel-Buffering", "X-Content-Type-Options",
		"X-Frame-Options", "X-XSS-Protection")
	add(true, "Age", "Content-Length", "Content-Location", "Content-Range", "ETag", "Expires", "Last-Modified", "Link", "Location",
		"Server-Timing", "Set-Cookie", "Traceparent", "X-Process-Time", "X-Request-ID")
	return m
}()
