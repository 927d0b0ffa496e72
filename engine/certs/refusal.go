package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/tlslayer"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// A RefusalReason says in a word why the certificate of a client was refused.
type RefusalReason string

// The reasons.
const (
	RefusedMissing          RefusalReason = "missing"           // the client has shown none, and must
	RefusedExpired          RefusalReason = "expired"           // it, or one that has signed it
	RefusedNotYetValid      RefusalReason = "not_yet_valid"     // it, or one that has signed it
	RefusedUnknownAuthority RefusalReason = "unknown_authority" // nobody in client_ca has signed it
	RefusedOther            RefusalReason = "other"
)

// RefusalReasons are all reasons. It is read-only.
var RefusalReasons = []RefusalReason{RefusedMissing, RefusedExpired, RefusedNotYetValid, RefusedUnknownAuthority, RefusedOther}

// A Refusal is why a handshake has refused a client because of its certificate. Its
// texts are short and safe to log: nobody has vouched for what a client shows.
type Refusal struct {
	Reason  RefusalReason
	Text    string
	Hint    string // what to do; "" = nothing to say
	Subject string // of the certificate, as in tlslayer.Identity; "" if there is none
	Issuer  string // of the certificate, likewise
}

const (
	hintMissing = `give the client a certificate of an authority in client_ca, or let clients in without one by client_auth="request"`
	hintExpired = "renew the certificate of the client"
	hintUnknown = "give the client a certificate of an authority in client_ca, or add the one that has signed its certificate to client_ca"
	hintUsage   = "issue the certificate for clients (extended key usage clientAuth)"
	hintOldCA   = "renew the certificate of the authority, and put it into client_ca, or where the client has its chain"
)

// maxRefusalText limits each text of a Refusal in bytes.
const maxRefusalText = 300

// RefusalOf returns why a handshake that has failed with err has refused the client's
// certificate, or nil if it has failed for another reason.
func RefusalOf(err error) *Refusal {
	if err == nil {
		return nil
	}
	failed, ok := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case ok && len(failed.UnverifiedCertificates) > 0:
		return unverified(failed.UnverifiedCertificates[0], failed.Err)
	case errors.Is(err, errNoCertificate), err.Error() == textMissing:
		return &Refusal{Reason: RefusedMissing, Text: "the client has shown no certificate", Hint: hintMissing}
	case strings.HasPrefix(err.Error(), "tls: ") && strings.Contains(err.Error(), "client certificate"):
		return &Refusal{Reason: RefusedOther, Text: safe(err.Error())}
	}
	return nil
}

// textMissing is the text of an error of crypto/tls, which has no type.
const textMissing = "tls: client didn't provide a certificate"

// unverified returns why the certificate of a client is not good.
func unverified(leaf *x509.Certificate, err error) *Refusal {
	r := &Refusal{Reason: RefusedOther, Text: "the certificate of the client is not good: " + safe(err.Error()),
		Subject: safe(tlslayer.EscapeSubject(leaf.Subject)), Issuer: safe(tlslayer.EscapeSubject(leaf.Issuer))}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		r.Reason, r.Text, r.Hint = RefusedUnknownAuthority, "no authority in client_ca has signed the certificate of the client", hintUnknown
		return r
	}
	invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case ok && invalid.Reason == x509.Expired && invalid.Cert != nil:
		r.date(leaf, invalid.Cert)
	case ok && invalid.Reason == x509.IncompatibleUsage:
		r.Text, r.Hint = "the certificate of the client is not one for clients", hintUsage
	}
	return r
}

// date says what is wrong with the time of a certificate, which is that of the client
// or one that has signed it.
func (r *Refusal) date(leaf, c *x509.Certificate) {
	whose, hint := "the certificate of the client", hintExpired
	if !c.Equal(leaf) {
		whose, hint = "the certificate of the authority "+safe(tlslayer.EscapeSubject(c.Subject)), hintOldCA
	}
	if time.Now().Before(c.NotBefore) {
		r.Reason, r.Text, r.Hint = RefusedNotYetValid, fmt.Sprintf("%s is not valid before %s", whose, minute(c.NotBefore)), hintClock
		return
	}
	r.Reason, r.Text, r.Hint = RefusedExpired, fmt.Sprintf("%s has expired on %s", whose, minute(c.NotAfter)), hint
}

// safe makes a text from a client short and harmless.
func safe(s string) string { return visible.Cut(visible.String(s), maxRefusalText) }
