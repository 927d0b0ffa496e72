package plan

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/ldcorn/ldcorn/engine/head"
)

// A HeaderEdit is one change to the headers of a request or an answer. Its
// value can be a secret. It is comparable.
type HeaderEdit struct {
	Op    HeaderOp
	Name  string // as written
	Value Text   // meaningless if Op is HeaderRemove

	lower string
}

// A HeaderOp says what a HeaderEdit does.
type HeaderOp string

// The operations, named as in the configuration.
const (
	HeaderSet    HeaderOp = "set_header"    // replaces all headers of the name
	HeaderAdd    HeaderOp = "add_header"    // adds a header
	HeaderRemove HeaderOp = "remove_header" // removes all headers of the name
)

// A HeaderSide says which head an edit applies to.
type HeaderSide uint8

// The sides.
const (
	ToWorker HeaderSide = iota // of a request
	ToClient                   // of an answer
	ToHealth                   // of a health check, which is ldcorn's own request
)

// NewHeaderEdit returns an edit, or an error that says what is wrong, then what
// to do. The error does not show the value.
func NewHeaderEdit(op HeaderOp, name string, value Text) (HeaderEdit, error) {
	e := HeaderEdit{Op: op, Name: name, Value: value, lower: strings.ToLower(name)}
	if op == HeaderRemove {
		e.Value = Text{}
	}
	if err := checkHeaderName(name); err != nil {
		return e, err
	}
	return e, checkHeaderValue(e.Value.Reveal())
}

// Lower returns the name in lower case.
func (e *HeaderEdit) Lower() string { return e.lower }

// Replaces reports whether the edit removes existing headers of its name.
func (e *HeaderEdit) Replaces() bool { return e.Op != HeaderAdd }

// Writes reports whether the edit writes a header.
func (e *HeaderEdit) Writes() bool { return e.Op != HeaderRemove }

// String returns the edit as the configuration writes it, without a secret.
func (e HeaderEdit) String() string {
	switch {
	case e.Op == HeaderRemove:
		return fmt.Sprintf("%s(%q)", e.Op, e.Name)
	case e.Value.IsSecret():
		return fmt.Sprintf("%s(%q, %s)", e.Op, e.Name, e.Value)
	}
	return fmt.Sprintf("%s(%q, %q)", e.Op, e.Name, e.Value)
}

// CheckSide returns an error if the edit cannot be made on a side.
func (e *HeaderEdit) CheckSide(side HeaderSide) error {
	switch side {
	case ToClient:
		return nil
	case ToHealth:
		return e.checkHealth()
	}
	switch kind := head.KindOf(e.Name); {
	case kind == head.KindHost:
		return errors.New("the app must see the host that the client asked for, which routes and redirects depend on; send it under another name")
	case e.lower == "x-forwarded-prefix":
		return errors.New("it tells the app which prefix was removed from the path; use `strip_prefix` of WorkerGroup")
	case kind == head.KindXForwarded:
		return errors.New("every header that begins with X-Forwarded- is ldcorn's, so that an app can trust it; use another name")
	case head.Forwarding.Has(kind):
		return errors.New("ldcorn writes it, and Uvicorn trusts it; use `forwarded` and `trusted_proxies` of LdConfig")
	case head.OfClientCert.Has(kind):
		return errors.New("it tells the app which certificate a client has shown, so that only ldcorn writes it; use another name")
	case kind == head.KindXRequestID:
		return errors.New("ldcorn writes it, so that its logs and the app's agree; use another name")
	case e.Op != HeaderRemove && head.IsOddName([]byte(e.Name)):
		return errors.New("frameworks read it as another name, and an app cannot tell it from a client's; use letters, digits, dots and hyphens")
	}
	return nil
}

// checkHealth is CheckSide for ToHealth. No client makes that request, so
// nothing in it could be forged, and its Host is whatever the configuration
// says.
func (e *HeaderEdit) checkHealth() error {
	if head.KindOf(e.Name) != head.KindHost {
		return nil
	}
	switch host := e.Value.Reveal(); {
	case e.Op != HeaderSet:
		return errors.New("a request has exactly one; use set_header")
	case !hostForm.MatchString(host):
		return errors.New("the value is not a host; write a name, with a port if it has one, such as \"app.example.com\"")
	}
	return nil
}

var hostForm = regexp.MustCompile(`^([0-9A-Za-z._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$`)

// checkHeaderName rejects invalid names, and the names of headers that only
// ldcorn writes: those that frame a message or apply to a single connection.
func checkHeaderName(name string) error {
	switch {
	case name == "":
		return errors.New("the name is empty; give it one")
	case len(name) > maxHeaderName:
		return fmt.Errorf("the name has %d characters; the most is %d", len(name), maxHeaderName)
	case !head.IsToken(name):
		return errors.New("the name has characters that a header name cannot have; use letters, digits and hyphens")
	}
	switch kind := head.KindOf(name); {
	case kind.Frames():
		return errors.New("it says how the body is sent, which ldcorn decides; leave it out")
	case kind.OfConnection():
		return errors.New("it concerns one connection only, and is never passed on; leave it out")
	case strings.HasPrefix(strings.ToLower(name), "sec-websocket-"):
		return errors.New("the two ends of a websocket negotiate with it; leave it out")
	}
	return nil
}

const maxHeaderName = 256 // bytes; the limit for clients, too

// checkHeaderValue rejects characters that would end the field or hide in it.
func checkHeaderValue(value string) error {
	for _, c := range []byte(value) {
		switch {
		case c == '\r' || c == '\n':
			return errors.New("the value contains a line break; a header is one line")
		case c < ' ' && c != '\t' || c == 0x7f:
			return errors.New("the value contains a control character; remove it")
		}
	}
	if value != strings.Trim(value, " \t") {
		return errors.New("the value has blanks around it, which no recipient keeps; remove them")
	}
	return nil
}

// editSecrets returns the secret values of edits.
func editSecrets(edits []HeaderEdit) (out []string) {
	for _, e := range edits {
		if e.Value.IsSecret() {
			out = append(out, e.Value.Reveal())
		}
	}
	return out
}
