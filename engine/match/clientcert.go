package match

import (
	"fmt"
	"strconv"
	"strings"
)

// A Certificate is the certificate that a client has shown to ldcorn, and that was
// verified.
type Certificate interface {
	CertSubject() string     // as in RFC 4514, such as "CN=me,O=Example"
	CertNames() []string     // such as "DNS:a.example", "email:a@b", "URI:spiffe://a/b", "IP:192.0.2.1"
	CertFingerprint() string // SHA-256 in lower-case hexadecimal digits
}

// A Certified is a Request that knows the certificate of the client.
type Certified interface {
	// ClientCert returns the certificate; nil = none.
	ClientCert() Certificate
}

// ClientCert matches clients that have shown a certificate with one of the subjects,
// one of the names and one of the fingerprints. An empty list takes all, so that three
// empty ones take every certificate. Fingerprints are in lower-case hexadecimal digits.
func ClientCert(subjects, names, fingerprints []string) Matcher {
	var args []string
	for _, a := range []struct {
		name   string
		values []string
	}{{"subject", subjects}, {"san", names}, {"fingerprint", fingerprints}} {
		if len(a.values) > 0 {
			args = append(args, a.name+"="+quotedList(a.values))
		}
	}
	return &clientCert{base{"client_cert(" + strings.Join(args, ", ") + ")"}, subjects, names, fingerprints}
}

// quotedList writes one value, or a list of several.
func quotedList(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strconv.Quote(v)
	}
	if len(out) == 1 {
		return out[0]
	}
	return "[" + strings.Join(out, ", ") + "]"
}

type clientCert struct {
	base
	subjects, names, fingerprints []string
}

// CertOf returns the certificate that the client of a request has shown, or nil.
func CertOf(r Request) Certificate {
	if c, ok := r.(Certified); ok {
		return c.ClientCert()
	}
	return nil
}

func (m *clientCert) Match(r Request) bool {
	c := CertOf(r)
	if c == nil || !oneOf(m.subjects, c.CertSubject()) || !oneOf(m.fingerprints, c.CertFingerprint()) {
		return false
	}
	if len(m.names) == 0 {
		return true
	}
	for _, name := range c.CertNames() {
		if oneOf(m.names, name) {
			return true
		}
	}
	return false
}

// oneOf reports whether a value is in a list, or the list is empty.
func oneOf(list []string, value string) bool {
	for _, v := range list {
		if v == value {
			return true
		}
	}
	return len(list) == 0
}

func (m *clientCert) WhyNot(r Request) string {
	c := CertOf(r)
	switch {
	case c == nil:
		return fmt.Sprintf("%s: the client has shown no certificate", m.text)
	case !oneOf(m.subjects, c.CertSubject()):
		return fmt.Sprintf("%s: the subject is %q", m.text, c.CertSubject())
	case !oneOf(m.fingerprints, c.CertFingerprint()):
		return fmt.Sprintf("%s: the fingerprint is %s", m.text, c.CertFingerprint())
	}
	return fmt.Sprintf("%s: the names are %q", m.text, c.CertNames())
}

func (m *clientCert) within(_ *Comparer, other Matcher) bool {
	o, ok := other.(*clientCert)
	return ok && inside(m.subjects, o.subjects) && inside(m.names, o.names) && inside(m.fingerprints, o.fingerprints)
}

// inside reports whether every value that the list a takes is taken by b.
func inside(a, b []string) bool {
	if len(b) == 0 {
		return true
	}
	for _, v := range a {
		if !oneOf(b, v) {
			return false
		}
	}
	return len(a) > 0
}

// apart: a certificate has one subject and one fingerprint, but several names.
func (m *clientCert) apart(_ *Comparer, other Matcher) bool {
	o, ok := other.(*clientCert)
	return ok && (disjoint(m.subjects, o.subjects) || disjoint(m.fingerprints, o.fingerprints))
}

// disjoint reports whether no value is taken by both lists.
func disjoint(a, b []string) bool {
	for _, v := range a {
		if oneOf(b, v) {
			return false
		}
	}
	return len(a) > 0 && len(b) > 0
}
