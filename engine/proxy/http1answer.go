package proxy

import (
	"cmp"
	"net/http"
	"time"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// SendInterim sends an interim answer. HTTP/1.0 has none.
func (c *http1Client) SendInterim(t netloop.Task, h *AnswerHead) error {
	if c.head.Minor == 0 {
		return nil
	}
	out := http1.AppendStatusLineReason(c.out[:0], h.Status, h.Reason)
	out = append(h.AppendFields(out), "\r\n"...)
	c.out = out[:0]
	return c.write(t, out, nil)
}

// Begin composes the head of the final answer: its fields, and framing of
// ldcorn's own. It decides what becomes of the connection.
func (c *http1Client) Begin(h *AnswerHead, whole bool) {
	c.kind = h.Body
	c.raw = h.Body == BodyUntilClose || h.Body == BodyStream && c.head.Minor == 0
	// After a handshake a client can send frames at once, which must not be read as
	// a request.
	c.keep = c.keep && !c.raw && !h.Close && !c.ending() && (!whole || c.body.whole.Load())
	if h.Media == "" {
		c.keep = c.keep && !c.head.Upgrade
	}
	c.linger = h.Media != ""
	c.bodyProbe = nil
	if !whole { // otherwise nothing is waited for while the body is sent
		c.bodyProbe = c.probeBody()
	}
	c.out = c.appendHead(c.out[:0], h)
	c.sent = -int64(len(c.out)) // what is sent counts from behind the head
}

// Send sends a part of the body. The head, if it has not been sent, goes with
// it in one system call.
func (c *http1Client) Send(t netloop.Task, part []byte, whole bool, trailers []head.Field) error {
	c.begun = true
	if whole {
		c.keep = c.keep && c.body.whole.Load()
	}
	if c.kind == BodyStream && !c.raw {
		c.appendChunk(part, whole, trailers)
		part = nil
	}
	out := c.out
	c.out = out[:0]
	switch {
	case len(out) > 0:
		return c.write(t, out, part)
	case len(part) > 0:
		return c.write(t, part, nil)
	}
	return nil
}

// appendChunk composes a chunk, and the last one behind it. A client that has
// not asked for trailers gets none.
func (c *http1Client) appendChunk(part []byte, whole bool, trailers []head.Field) {
	if len(part) > 0 {
		c.out = http1.AppendChunkHeader(c.out, len(part))
		c.out = append(append(c.out, part...), http1.ChunkEnd...)
	}
	if !whole {
		return
	}
	if !c.head.TETrailers {
		trailers = nil
	}
	c.out = http1.AppendLastChunk(c.out, trailers)
}

// SpliceAnswer moves a part of a body whose bytes are those of the connection.
func (c *http1Client) SpliceAnswer(t netloop.Task, from netloop.Conn, n int64) (moved int64, readErr, writeErr error) {
	if c.kind != BodyLength {
		return 0, netloop.ErrNoSplice, nil
	}
	c.Watch(t)
	moved, readErr, writeErr = from.Splice(t, c.c, n, 0, c.p.stall)
	c.Unwatch(t)
	c.sent += moved
	return moved, readErr, c.sendError(writeErr)
}

// SendsFiles reports whether the bytes of the body are those of the connection.
func (c *http1Client) SendsFiles() bool { return c.kind == BodyLength && c.c.Layer() == nil }

// SendFile sends a part of such a body.
func (c *http1Client) SendFile(t netloop.Task, from netloop.FileSource, off, n int64) (sent int64, readErr, writeErr error) {
	if out := c.out; len(out) > 0 {
		c.out, c.begun = out[:0], true
		if err := c.write(t, out, nil); err != nil {
			return 0, nil, err
		}
	}
	sent, readErr, writeErr = c.c.SendFile(t, from, off, n, c.p.stall)
	c.sent += sent
	return sent, readErr, c.sendError(writeErr)
}

// OnHeld leaves it to the connection.
func (c *http1Client) OnHeld(t netloop.Task, f func(taken int64)) { t.OnHeld(f) }

// CloseWrite ends the stream to the client, which may be gone already.
func (c *http1Client) CloseWrite() {
	c.linger = false
	_ = c.c.CloseWrite()
}

// Sent is how many bytes were sent behind the head of the answer.
func (c *http1Client) Sent() int64 { return c.sent }

// Switch sends the head of an answer that makes the connection a websocket.
func (c *http1Client) Switch(t netloop.Task, h *AnswerHead, behind []byte) error {
	out := http1.AppendStatusLineReason(c.out[:0], h.Status, h.Reason)
	out = append(out, "Connection: Upgrade\r\nUpgrade: websocket\r\n"...)
	out = append(h.AppendFields(out), "\r\n"...)
	c.out, c.begun, c.sent = out[:0], true, -int64(len(out))
	return c.write(t, out, behind)
}

// Early is what follows the head of the handshake.
func (c *http1Client) Early() []byte { return c.in.bytes()[c.headLen:] }

// Tunnel hands both connections to the driver.
func (c *http1Client) Tunnel(t netloop.Task, up netloop.Conn, done func()) {
	c.verdict = t.Tunnel(c.c, up, done)
}

// write writes to the client, where a is the beginning of a message and not
// empty, or all of it that was not yet sent, and b follows it.
func (c *http1Client) write(t netloop.Task, a, b []byte) error {
	c.sent += int64(len(a) + len(b))
	n := min(c.probed, len(a))
	c.probed -= n
	_, err := c.c.Write(t, a[n:], b, c.p.stall)
	return c.sendError(err)
}

// sendError returns the Client's error for a write that failed with err.
func (c *http1Client) sendError(err error) error {
	switch err {
	case nil, netloop.ErrStopped:
		return err
	case netloop.ErrTimeout:
		return ErrClientStalled
	}
	return ErrClientGone
}

// appendHead composes the head of a final answer. No field of a worker that
// frames the message or concerns its connection is passed on: those are written
// here.
func (c *http1Client) appendHead(out []byte, h *AnswerHead) []byte {
	if h.Reason == nil {
		out = http1.AppendStatusLine(out, h.Status)
	} else {
		out = http1.AppendStatusLineReason(out, h.Status, h.Reason)
	}
	if h.Media != "" {
		out = http1.AppendField(out, "Content-Type", h.Media)
	}
	out = h.AppendFields(out)
	switch {
	case h.Body == BodyStream && !c.raw:
		out = append(out, "Transfer-Encoding: chunked\r\n"...)
	case h.Length >= 0:
		out = append(out, "Content-Length: "...)
		out = append(http1.AppendInt(out, h.Length), "\r\n"...)
	}
	if h.ID != nil {
		out = append(out, "Date: "...)
		out = time.Now().UTC().AppendFormat(out, http.TimeFormat)
		out = append(out, "\r\n"...)
		out = http1.AppendField(out, "X-Request-ID", h.ID)
	}
	if h.Media != "" {
		out = h.AppendAdvice(out)
	}
	if h.Offers {
		out = append(out, "Connection: Upgrade\r\n"...)
	}
	return append(c.appendConnection(out), "\r\n"...)
}

// AppendAdvice appends lines that say what a client should do about an error of
// ldcorn's own.
func (h *AnswerHead) AppendAdvice(out []byte) []byte {
	switch h.Status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		out = append(out, "Retry-After: "...)
		out = http1.AppendInt(out, max(h.Retry, 1))
		out = append(out, "\r\n"...)
	case http.StatusMethodNotAllowed:
		out = http1.AppendField(out, "Allow", cmp.Or(h.Allow, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"))
	case http.StatusUpgradeRequired: // RFC 6455 section 4.4, RFC 9110 section 15.5.22
		out = append(out, "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"...)
	}
	return out
}

// appendConnection says what becomes of the connection, where the client's
// version does not imply it.
func (c *http1Client) appendConnection(out []byte) []byte {
	switch {
	case !c.keep:
		return append(out, "Connection: close\r\n"...)
	case c.head.Minor == 0:
		return append(out, "Connection: keep-alive\r\n"...)
	}
	return out
}
