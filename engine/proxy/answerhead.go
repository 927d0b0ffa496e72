package proxy

import (
	"net/http"
	"time"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// An answerHead is what the head of an answer to a client says, whoever gives
// the answer: a worker, the router of the configuration, or ldcorn itself.
// Everything else that a head has, appendHead adds.
type answerHead struct {
	status int
	reason []byte // of a worker

	// The fields, of which an answer has one kind.
	fields []http1.Field     // of a worker, as they came
	edits  *editor           // of these; nil changes nothing
	set    []plan.HeaderEdit // of a router
	media  string            // the Content-Type of an error

	framing  framing
	length   int64 // with framingLength
	switches bool  // the connection becomes a websocket
	offers   bool  // the answer names what the connection could become
	ours     bool  // no worker has dated the answer, or named the request in it
}

// framing is how an answer tells where its body ends.
type framing uint8

const (
	framingNone    framing = iota // there is no body, or the end of the connection is its end
	framingLength                 // Content-Length
	framingChunked                // Transfer-Encoding
)

// appendHead composes the head of an answer. No field of a worker that frames
// the message or concerns its connection is passed on: those are written here.
// A final answer says what becomes of the client's connection, which is x.keep.
func (x *exchange) appendHead(out []byte, h *answerHead) []byte {
	start := len(out)
	out = x.appendOwn(out, h)
	switch h.framing {
	case framingLength:
		out = append(out, "Content-Length: "...)
		out = append(http1.AppendInt(out, h.length), "\r\n"...)
	case framingChunked:
		out = append(out, "Transfer-Encoding: chunked\r\n"...)
	}
	if h.ours {
		out = append(out, "Date: "...)
		out = time.Now().UTC().AppendFormat(out, http.TimeFormat)
		out = append(out, "\r\n"...)
		out = http1.AppendField(out, "X-Request-ID", x.id)
	}
	if h.media != "" {
		out = x.appendAdvice(out, h.status)
	}
	if h.offers {
		out = append(out, "Connection: Upgrade\r\n"...) // RFC 9110 section 7.8
	}
	final := h.status >= 200
	if final {
		out = x.appendConnection(out)
	}
	out = append(out, "\r\n"...)
	if final || h.switches {
		x.rec.Sent = -int64(len(out) - start) // what is sent counts from behind it
	}
	return out
}

// appendOwn writes the status line and the fields of whoever gives the answer.
func (x *exchange) appendOwn(out []byte, h *answerHead) []byte {
	if h.ours {
		out = http1.AppendStatusLine(out, h.status)
	} else {
		out = http1.AppendStatusLineReason(out, h.status, h.reason)
	}
	if h.switches { // the connection is no HTTP any more
		out = append(out, "Connection: Upgrade\r\nUpgrade: websocket\r\n"...)
	}
	if h.media != "" {
		out = http1.AppendField(out, "Content-Type", h.media)
	}
	for i := range h.set {
		out = http1.AppendField(out, h.set[i].Name, h.set[i].Value.Reveal())
	}
	if h.edits != nil {
		return h.edits.append(out, h.fields, 0)
	}
	return http1.AppendForwardable(out, h.fields, 0)
}

// appendAdvice writes what an error of ldcorn's own tells a client to do.
func (x *exchange) appendAdvice(out []byte, status int) []byte {
	switch status {
	case http.StatusServiceUnavailable:
		out = append(out, "Retry-After: "...)
		out = http1.AppendInt(out, max(int64(x.retry/time.Second), 1))
		out = append(out, "\r\n"...)
	case http.StatusMethodNotAllowed:
		out = append(out, "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"...)
	case http.StatusUpgradeRequired: // RFC 6455 section 4.4, RFC 9110 section 15.5.22
		out = append(out, "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"...)
	}
	return out
}

// appendConnection says what becomes of the connection, where the client's
// version does not imply it.
func (x *exchange) appendConnection(out []byte) []byte {
	switch {
	case !x.keep:
		return append(out, "Connection: close\r\n"...)
	case x.req.Minor == 0:
		return append(out, "Connection: keep-alive\r\n"...)
	}
	return out
}
