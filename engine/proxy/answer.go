package proxy

import (
	"bytes"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/result"
)

// refuse answers a head that is not acceptable, and closes.
func (x *exchange) refuse(err *http1.Error) netloop.Verdict {
	x.keep, x.gone, x.stalled = false, false, false
	x.idBuf = x.p.ids.next()
	x.id = x.idBuf[:]
	x.rec.begin(x.t.Now())
	line, _, _ := bytes.Cut(x.in.bytes(), crlf)
	x.rec.Line = line[:min(len(line), maxLine)]
	v := x.writeError(result.KindRefused, err.Status, err.Reason)
	x.observe()
	return v
}

var crlf = []byte("\r\n")

// fail answers a request with an error of ldcorn's own. The connection goes
// on where nothing of the request's body is still to come. It reports true
// when it is ready for the next request.
func (x *exchange) fail(f *failure) (netloop.Verdict, bool) {
	x.keep = x.keep && !f.close && x.upload.received && !x.t.Stopping()
	v := x.writeError(f.kind, f.status, f.reason)
	if x.why != "" && (f == errBadGateway || f == errMalformed) {
		x.rec.Reason = x.why
	}
	if !x.keep || x.gone {
		return v, false
	}
	return netloop.Verdict{}, true
}

// cutOff closes the client's connection so that an answer which was not
// completed does not look like one that was: one whose end is that of the
// stream must not get it. Nor does a client that reads nothing: the system would
// keep megabytes for it, for minutes after a plain close.
func (x *exchange) cutOff() netloop.Verdict {
	if x.stalled || x.begun && x.raw {
		return netloop.Verdict{Op: netloop.Reset}
	}
	return netloop.Verdict{}
}

// hangUp closes the client's connection after a complete answer. A client
// that is still sending must be let finish, or the answer is lost on it.
func (x *exchange) hangUp() netloop.Verdict {
	if !x.upload.received || x.in.len() > x.headLen+x.upload.used {
		return netloop.Verdict{Op: netloop.Linger}
	}
	return netloop.Verdict{}
}

// writeError writes an error answer: small, as JSON when the client prefers
// it, with the request's id. x.keep says what becomes of the connection.
func (x *exchange) writeError(kind result.Kind, status int, reason string) netloop.Verdict {
	x.rec.Fault(kind, reason)
	x.rec.Status = status
	var body [512]byte
	b, media := appendErrorText(body[:0], status, reason, x.id), "text/plain; charset=utf-8"
	if x.prefersJSON() {
		b, media = appendErrorJSON(body[:0], status, reason, x.id), "application/json"
	}
	x.out = x.appendHead(x.out[:0], &answerHead{status: status, media: media, framing: framingLength, length: int64(len(b)), ours: true})
	if x.isHead() {
		b = nil
	}
	if x.write(x.out, b) != nil {
		return x.cutOff()
	}
	return netloop.Verdict{Op: netloop.Linger}
}

func appendErrorText(b []byte, status int, reason string, id []byte) []byte {
	b = http1.AppendInt(b, int64(status))
	b = append(b, ' ')
	b = append(b, http1.StatusText(status)...)
	b = append(b, ": "...)
	b = append(b, reason...)
	b = append(b, "\nrequest id: "...)
	b = append(b, id...)
	return append(b, '\n')
}

// appendErrorJSON needs no escaping: reasons are ours, and an id is a token.
func appendErrorJSON(b []byte, status int, reason string, id []byte) []byte {
	b = append(b, `{"status":`...)
	b = http1.AppendInt(b, int64(status))
	b = append(b, `,"error":"`...)
	b = append(b, reason...)
	b = append(b, `","request_id":"`...)
	b = append(b, id...)
	return append(b, "\"}\n"...)
}

// prefersJSON reports whether Accept names JSON and no text type before it.
func (x *exchange) prefersJSON() bool {
	if x.req.HeadLen == 0 { // refused before its fields were parsed, or while they were
		return jsonFirst(acceptOf(x.in.bytes()))
	}
	for i := range x.req.Fields {
		if f := &x.req.Fields[i]; f.Kind == http1.KindAccept {
			return jsonFirst(f.Value)
		}
	}
	return false
}

func jsonFirst(accept []byte) bool {
	json := bytes.Index(accept, []byte("json"))
	text := bytes.Index(accept, []byte("text/"))
	return json >= 0 && (text < 0 || json < text)
}

// acceptOf finds the value of Accept in what has come of a head that was
// refused, or nil. It takes lines as they are: what it finds decides the form of
// an error answer and nothing else.
func acceptOf(head []byte) []byte {
	_, rest, _ := bytes.Cut(bytes.TrimLeft(head, "\r\n"), crlf[1:])
	for {
		line, more, whole := bytes.Cut(rest, crlf[1:])
		if line = bytes.TrimRight(line, "\r"); !whole || len(line) == 0 {
			return nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if http1.EqualFold(bytes.TrimSpace(name), "accept") {
			return value
		}
		rest = more
	}
}
