package http2

import (
	"bytes"
	"net/http"
	"strconv"
	"time"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/proxy"
)

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
		a.lines = time.Now().UTC().AppendFormat(a.lines, http.TimeFormat)
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

// An answerWriter writes the answer of a stream, in its handler.
type answerWriter struct {
	w    http.ResponseWriter
	head bool // the final head was written

	values [fewValues]string // memory for the values of fields
	used   int
	length []byte
}

// fewValues is how many fields most answers have at most, and shortValue how many
// bytes most values have.
const (
	fewValues  = 16
	shortValue = 128
)

func (a *answerWriter) begin(w http.ResponseWriter) { a.w, a.head, a.used = w, false, 0 }

func (a *answerWriter) end() { a.w = nil }

// flush sends what was written.
func (a *answerWriter) flush() { _ = http.NewResponseController(a.w).Flush() }

// limit has net/http reset the stream if what is written is not sent until then.
func (a *answerWriter) limit(until time.Time) {
	_ = http.NewResponseController(a.w).SetWriteDeadline(until)
}

// interim writes an interim answer.
func (a *answerWriter) interim(h *answerHead) {
	header := a.w.Header()
	a.add(header, "", h.lines)
	a.w.WriteHeader(h.status)
	clear(header)
	a.used = fewValues // net/http can still have the header
}

// final writes the head of the answer. It is sent with what follows.
func (a *answerWriter) final(h *answerHead) {
	a.head = true
	header := a.w.Header()
	a.add(header, "", h.lines)
	if h.length >= 0 {
		a.length = strconv.AppendInt(a.length[:0], h.length, 10)
		header["Content-Length"] = a.value(a.length)
	}
	// net/http makes up fields that it misses, unless they are there without a value.
	for _, name := range [...]string{"Content-Type", "Date"} {
		if _, ok := header[name]; !ok {
			header[name] = nil
		}
	}
	a.w.WriteHeader(h.status)
}

// trailers adds the trailers.
func (a *answerWriter) trailers(lines []byte) {
	if len(lines) > 0 {
		a.used = fewValues // net/http reads them after the handler has returned
		a.add(a.w.Header(), http.TrailerPrefix, lines)
	}
}

// add adds fields to a header.
func (a *answerWriter) add(header http.Header, prefix string, lines []byte) {
	for len(lines) > 0 {
		line, rest, _ := bytes.Cut(lines, crlf)
		lines = rest
		name, value, _ := bytes.Cut(line, []byte(":"))
		if kind := head.KindOfToken(name); kind.OfConnection() || kind.Frames() || kind == head.KindSecWebSocketAccept {
			continue
		}
		key := prefix + nameOf(name)
		if before := header[key]; before != nil {
			header[key] = append(before, string(head.Trim(value)))
			continue
		}
		header[key] = a.value(head.Trim(value))
	}
}

// value returns a value for a header. It is mostly the same as that of the answer
// before, which then is used again: net/http copies the final header.
func (a *answerWriter) value(v []byte) []string {
	if a.used >= fewValues || len(v) > shortValue {
		return []string{string(v)}
	}
	i := a.used
	a.used++
	if a.values[i] != string(v) {
		a.values[i] = string(v)
	}
	return a.values[i : i+1 : i+1]
}

var crlf = []byte("\r\n")

// nameOf returns the name of a field in the case that net/http expects.
func nameOf(name []byte) string {
	if s, ok := commonNames[string(name)]; ok {
		return s
	}
	return http.CanonicalHeaderKey(string(name))
}

// commonNames are names as apps and ldcorn write them, which need not be made anew.
var commonNames = func() map[string]string {
	m := map[string]string{}
	for _, name := range []string{
		"accept-ranges", "access-control-allow-credentials", "access-control-allow-headers", "access-control-allow-methods",
		"access-control-allow-origin", "access-control-expose-headers", "access-control-max-age", "age", "allow", "alt-svc",
		"cache-control", "content-disposition", "content-encoding", "content-language", "content-location", "content-range",
		"content-security-policy", "content-type", "cross-origin-opener-policy", "date", "etag", "expires", "last-modified",
		"link", "location", "permissions-policy", "pragma", "referrer-policy", "retry-after", "server", "server-timing",
		"set-cookie", "strict-transport-security", "vary", "via", "www-authenticate", "x-accel-buffering",
		"x-content-type-options", "x-frame-options", "x-process-time", "x-request-id", "x-xss-protection",
	} {
		key := http.CanonicalHeaderKey(name)
		m[name], m[key] = key, key
	}
	m["X-Request-ID"] = http.CanonicalHeaderKey("X-Request-ID")
	return m
}()
