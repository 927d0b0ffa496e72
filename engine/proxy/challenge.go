package proxy

import (
	"bytes"
	"net/http"
)

// challengePath is that of the answers to issuers of certificates (RFC 8555, section 8.3).
var challengePath = []byte("/.well-known/acme-challenge/")

// challenge returns the answer to an issuer of certificates that checks a name, or nil
// if the request asks for none of our tokens. Other tokens may belong to the app.
func (r *Request) challenge() []byte {
	if r.p.opts.Challenge == nil {
		return nil
	}
	token, ok := bytes.CutPrefix(r.view.Path(), challengePath)
	if !ok || string(r.head.Method) != http.MethodGet && !r.isHead() {
		return nil
	}
	return r.p.opts.Challenge(token)
}

// challengeFields are the fields of the answers.
var challengeFields = probeFields("application/octet-stream")

// answerChallenge answers an issuer of certificates. It counts as no request, as a probe.
func (r *Request) answerChallenge(body []byte) error {
	r.told = true
	defer r.view.Release()
	r.answer = AnswerHead{Status: http.StatusOK, Set: challengeFields, ID: r.id, Body: BodyLength, Length: int64(len(body))}
	if r.isHead() {
		body, r.answer.Body = nil, BodyNone
	}
	r.beginAnswer(true)
	return r.send(body, true, nil)
}
