package plan

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/http1"
)

// A HeaderEdit is one change to the header of a request or of an answer. Its
// value may be a secret. It is comparable.
type HeaderEdit struct {
	Op    HeaderOp
	Name  string // as written
	Value Text   // without meaning where Op is HeaderRemove

	lower string
}

// HeaderOp says what a HeaderEdit does.
type HeaderOp string

// What an edit does, named as the configuration's words.
const (
	HeaderSet    HeaderOp = "set_header"    // in place of all of the name
	HeaderAdd    HeaderOp = "add_header"    // one more
	HeaderRemove HeaderOp = "remove_header" // all of the name
)

// HeaderSide says which head an edit is for.
type HeaderSide uint8

// The sides.
const (
	ToWorker HeaderSide = iota // the request's
	ToClient                   // the answer's
	ToHealth                   // that of a health check, which is ldcorn's own request
)

// NewHeaderEdit checks an edit. The error says what is wrong, then what to
// do, and shows no value.
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

// Lower is the name in lower case.
func (e *HeaderEdit) Lower() string { return e.lower }

// Replaces reports whether the edit removes what was there of its name.
func (e *HeaderEdit) Replaces() bool { return e.Op != HeaderAdd }

// Writes reports whether the edit puts a field there.
func (e *HeaderEdit) Writes() bool { return e.Op != HeaderRemove }

// String writes the edit as the configuration does, without a secret.
func (e HeaderEdit) String() string {
	switch {
	case e.Op == HeaderRemove:
		return fmt.Sprintf("%s(%q)", e.Op, e.Name)
	case e.Value.IsSecret():
		return fmt.Sprintf("%s(%q, %s)", e.Op, e.Name, e.Value)
	}
	return fmt.Sprintf("%s(%q, %q)", e.Op, e.Name, e.Value)
}

// CheckSide says why an edit cannot be made to a head of a side, or nil.
func (e *HeaderEdit) CheckSide(side HeaderSide) error {
	switch side {
	case ToClient:
		return nil
	case ToHealth:
		return e.checkHealth()
	}
	switch kind := http1.KindOf(e.Name); {
	case kind == http1.KindHost:
		return errors.New("the app must see the host that the client asked for, which routes and redirects depend on; send it under another name")
	case slices.Contains(believed, kind):
		return errors.New("ldcorn writes it, and Uvicorn believes it; use `forwarded` and `trusted_proxies` of LdConfig")
	case e.lower == "x-forwarded-prefix":
		return errors.New("it says what was taken off the path; use `strip_prefix` of WorkerGroup")
	case kind == http1.KindXForwarded:
		return errors.New("all that begins with X-Forwarded- is ldcorn's, so that an app can believe it; use another name")
	case kind == http1.KindXRequestID:
		return errors.New("ldcorn writes it, so that its logs and the app's agree; use another name")
	case e.Op != HeaderRemove && http1.IsOddName([]byte(e.Name)):
		return errors.New("frameworks read it as another name, and an app cannot tell it from a client's; use letters, digits, dots and hyphens")
	}
	return nil
}

// believed are the kinds by which Uvicorn learns who a client is.
var believed = []http1.Kind{http1.KindXForwardedFor, http1.KindXForwardedProto, http1.KindXForwardedHost,
	http1.KindXForwardedPort, http1.KindXRealIP, http1.KindForwarded}

// checkHealth is CheckSide for a request that no client has made: nothing in it
// could be forged, and its Host is what the configuration says.
func (e *HeaderEdit) checkHealth() error {
	if http1.KindOf(e.Name) != http1.KindHost {
		return nil
	}
	switch host := e.Value.Reveal(); {
	case e.Op != HeaderSet:
		return errors.New("a request has exactly one; use set_header")
	case !hostForm.MatchString(host):
		return errors.New("the value is no host; write a name, and a port if it has one, such as \"app.example.com\"")
	}
	return nil
}

var hostForm = regexp.MustCompile(`^([0-9A-Za-z._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$`)

// checkHeaderName refuses what is no name, and names that say how a message
// is framed or concern one connection only: those are written by ldcorn.
func checkHeaderName(name string) error {
	switch {
	case name == "":
		return errors.New("the name is empty; give it one")
	case len(name) > maxHeaderName:
		return fmt.Errorf("the name has %d characters; the most is %d", len(name), maxHeaderName)
	case !http1.IsToken(name):
		return errors.New("the name has characters that no header's has; letters, digits and hyphens are")
	}
	switch kind := http1.KindOf(name); {
	case kind.Frames():
		return errors.New("it says how the body is sent, which ldcorn decides; leave it out")
	case kind.OfConnection():
		return errors.New("it concerns one connection only, and is never passed on; leave it out")
	case strings.HasPrefix(strings.ToLower(name), "sec-websocket-"):
		return errors.New("a websocket's two ends agree by it; leave it out")
	}
	return nil
}

const maxHeaderName = 256 // bytes, as of a client's

// checkHeaderValue refuses what would end the field, or hide in it.
func checkHeaderValue(value string) error {
	for _, c := range []byte(value) {
		switch {
		case c == '\r' || c == '\n':
			return errors.New("the value holds a line end; a header is one line")
		case c < ' ' && c != '\t' || c == 0x7f:
			return errors.New("the value holds a control character; remove it")
		}
	}
	if value != strings.Trim(value, " \t") {
		return errors.New("the value has blanks around it, which no reader keeps; remove them")
	}
	return nil
}

// editSecrets are the secret values of edits.
func editSecrets(edits []HeaderEdit) (out []string) {
	for _, e := range edits {
		if e.Value.IsSecret() {
			out = append(out, e.Value.Reveal())
		}
	}
	return out
}
