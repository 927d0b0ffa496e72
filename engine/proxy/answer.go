package proxy

import (
	"bytes"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/result"
)

// Refuse answers a head that is not acceptable. line is the beginning of what
// came instead of a good one, and json says that the client prefers JSON.
func (r *Request) Refuse(t netloop.Task, s *Snapshot, head *head.Request, why *head.Error, line []byte, json bool) {
	r.t, r.head, r.snap, r.by = t, head, s, s.listener(r.client.Listener())
	r.begun, r.gone, r.stalled, r.told = false, false, false, false
	r.from.read = false
	r.idBuf = r.p.ids.next()
	r.id = r.idBuf[:]
	r.rec.begin(t.Now())
	r.upload.got = 0
	r.rec.Line = line[:min(len(line), maxLine)]
	r.writeErrorAs(&failure{kind: result.KindRefused, status: why.Status, reason: why.Reason}, true, json)
	r.observe()
}

// beginAnswer gives the client the head of r.answer. whole says that one Send will be
// all.
func (r *Request) beginAnswer(whole bool) {
	r.noteAnswer()
	r.client.Begin(&r.answer, whole)
}

// noteAnswer keeps the fields of r.answer if the access log wants them: what they are
// made of may be gone when the request is observed.
func (r *Request) noteAnswer() {
	if !r.snap.logsAnswers && !r.p.logsAnswers.Load() {
		return
	}
	h, out := &r.answer, r.logged[:0]
	if h.Media != "" {
		out = http1.AppendField(out, "Content-Type", h.Media)
	}
	out = h.AppendFields(out)
	if h.ID != nil {
		out = http1.AppendField(out, "X-Request-ID", h.ID)
	}
	if h.Media != "" {
		out = h.AppendAdvice(out)
	}
	r.logged, r.rec.Answer = out, out
}

// fail answers a request with an error of ldcorn's own. The client's connection
// goes on where nothing of the request's body is still to come.
func (r *Request) fail(f *failure) {
	r.writeError(f, f.close)
	if why := r.attempt.why; why != "" && (f == errBadGateway || f == errMalformed || f == errTooOften || f == errFile) {
		r.rec.Reason = why
	}
}

// writeError writes an error answer: small, as JSON when the client prefers
// it, with the request's id.
func (r *Request) writeError(f *failure, last bool) { r.writeErrorAs(f, last, r.prefersJSON()) }

func (r *Request) writeErrorAs(f *failure, last, json bool) {
	r.rec.Fault(f.kind, f.reason)
	r.rec.Status = f.status
	r.out = r.out[:0]
	media := "text/plain; charset=utf-8"
	if json {
		r.out, media = appendErrorJSON(r.out, f.status, f.reason, r.id), "application/json"
	} else {
		r.out = appendErrorText(r.out, f.status, f.reason, r.id)
	}
	r.answer = AnswerHead{Status: f.status, Media: media, Body: BodyLength, Length: int64(len(r.out)), ID: r.id, Retry: r.retry, Close: last}
	if f == errNotReadable {
		r.answer.Allow = "GET, HEAD"
	}
	body := r.out
	if r.isHead() {
		body, r.answer.Body = nil, BodyNone
	}
	r.beginAnswer(true)
	_ = r.send(body, true, nil) // what it failed with is noted
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

// appendErrorJSON escapes only quotes: reasons are ours and in printable ASCII, and
// an id is a token.
func appendErrorJSON(b []byte, status int, reason string, id []byte) []byte {
	b = append(b, `{"status":`...)
	b = http1.AppendInt(b, int64(status))
	b = append(b, `,"error":"`...)
	for i := range len(reason) {
		if c := reason[i]; c == '"' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, reason[i])
	}
	b = append(b, `","request_id":"`...)
	b = append(b, id...)
	return append(b, "\"}\n"...)
}

// prefersJSON reports whether Accept names JSON and no text type before it.
func (r *Request) prefersJSON() bool {
	for i := range r.head.Fields {
		if f := &r.head.Fields[i]; f.Kind == head.KindAccept {
			return jsonFirst(f.Value)
		}
	}
	return false
}

// PrefersJSON reports whether a client whose Accept is given gets errors as JSON.
func PrefersJSON(accept []byte) bool { return jsonFirst(accept) }

func jsonFirst(accept []byte) bool {
	json := bytes.Index(accept, []byte("json"))
	text := bytes.Index(accept, []byte("text/"))
	return json >= 0 && (text < 0 || json < text)
}
