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
	w       http.ResponseWriter
	control *http.ResponseController
	head    bool // the final head was written
}

func (a *answerWriter) begin(w http.ResponseWriter) {
	*a = answerWriter{w: w, control: http.NewResponseController(w)}
}

func (a *answerWriter) end() { *a = answerWriter{} }

// interim writes an interim answer.
func (a *answerWriter) interim(h *answerHead) {
	header := a.w.Header()
	addLines(header, "", h.lines)
	a.w.WriteHeader(h.status)
	clear(header)
}

// final writes the head of the answer. It is sent with what follows.
func (a *answerWriter) final(h *answerHead) {
	a.head = true
	header := a.w.Header()
	addLines(header, "", h.lines)
	if h.length >= 0 {
		header["Content-Length"] = []string{strconv.FormatInt(h.length, 10)}
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
		addLines(a.w.Header(), http.TrailerPrefix, lines)
	}
}

// addLines adds fields to a header.
func addLines(header http.Header, prefix string, lines []byte) {
	for len(lines) > 0 {
		line, rest, _ := bytes.Cut(lines, crlf)
		lines = rest
		name, value, _ := bytes.Cut(line, []byte(":"))
		if kind := head.KindOfToken(name); kind.OfConnection() || kind.Frames() {
			continue
		}
		key := prefix + nameOf(name)
		header[key] = append(header[key], string(head.Trim(value)))
	}
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
