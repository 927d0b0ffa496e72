package certs

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// soon is how long before the end of a certificate Check warns. Issuers' tools
// renew a month before, or a third of the time.
const soon = 21 * 24 * time.Hour

// hintClock is what to do about a certificate of the future.
const hintClock = "look at the clock of this machine, or wait"

// A flaw is what is wrong with a certificate that can be used.
type flaw struct {
	problem api.CertificateProblem
	err     *Error
}

// dated returns what is wrong with the time of a certificate, or nil. An issuer renews
// its certificates itself, some of which are short-lived.
func dated(c *x509.Certificate, t plan.TLS, now time.Time) *flaw {
	wrong := func(p api.CertificateProblem, hint, format string, args ...any) *flaw {
		return &flaw{p, &Error{Argument: "cert", Err: fmt.Errorf("the certificate %s %s", describe(c, t), fmt.Sprintf(format, args...)), Hint: hint, kept: true}}
	}
	hint := "renew it"
	if t.ACME.Name != "" {
		hint = "ldcorn status says why the issuer has not renewed it"
	} else if path := pathOf(t.Cert); path != "" {
		hint = "renew it, and put the new one into " + path
	}
	switch left := c.NotAfter.Sub(now); {
	case left < 0:
		return wrong(api.CertificateExpired, hint, "has expired on %s", day(c.NotAfter))
	case now.Before(c.NotBefore):
		return wrong(api.CertificateNotYetValid, hintClock, "is not valid before %s", minute(c.NotBefore))
	case left < soon && t.ACME.Name == "":
		return wrong(api.CertificateExpiresSoon, hint, "expires on %s, in %d days", day(c.NotAfter), int(left.Hours()/24))
	}
	return nil
}

func day(t time.Time) string    { return t.UTC().Format(time.DateOnly) }
func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// flaws returns what is wrong with the certificate in use, and with the authorities of
// its clients.
func (h *held) flaws(now time.Time) (out []flaw) {
	if h.ca != nil {
		out = h.ca.flaws(h.tls, now)
	}
	leaf := h.source.Leaf()
	if leaf == nil {
		return out
	}
	if f := dated(leaf, h.tls, now); f != nil {
		out = append(out, *f)
	}
	if len(h.lost) > 0 {
		out = append(out, flaw{api.CertificateNamesLost, &Error{Argument: "cert", Err: fmt.Errorf("the certificate %s no longer has the name %s, which the one before had", describe(leaf, h.tls), strings.Join(h.lost, ", ")),
			Hint: "request one with all names, unless nobody needs these"}})
	}
	return out
}

// lostNames returns the names of hosts that one certificate covers and another does
// not.
func lostNames(before, now Source) []string { return uncovered(before.Names(), now) }

// uncovered returns those of some names that a certificate does not cover.
func uncovered(hosts []string, by Source) (out []string) {
	for _, host := range hosts {
		if !slices.ContainsFunc(by.Names(), func(name string) bool { return covers(name, host) }) {
			out = append(out, host)
		}
	}
	return out
}

// spoils returns why a certificate is worse than none, as the one in use is valid and
// it is not; nil if it is not worse.
func spoils(before, next *held, now time.Time) error {
	a, b := before.source.Leaf(), next.source.Leaf()
	if a == nil || b == nil {
		return nil
	}
	bad := func(f *flaw) bool { return f != nil && f.problem != api.CertificateExpiresSoon }
	if f := dated(b, next.tls, now); bad(f) && !bad(dated(a, before.tls, now)) {
		return f.err
	}
	return nil
}

// warn reports what is wrong with the certificate in use, unless it was reported before,
// and what is no longer.
func (k *Keeper) warn(h *held, said map[string]bool) {
	flaws := h.flaws(time.Now())
	warned := make(map[api.CertificateProblem]string)
	for _, f := range flaws {
		text := f.err.Error()
		if f.problem == api.CertificateExpiresSoon {
			text = fingerprintOf(h.source) // its days pass
		}
		warned[f.problem] = text
		if h.warned[f.problem] == text || said[f.err.Error()] {
			continue
		}
		said[f.err.Error()] = true
		k.opts.Events.Emit(api.Event{Kind: api.EventCertWarning, Reason: f.err.Err.Error()})
		k.opts.Log.Warn("certificate in use has a problem", append(h.attrs(), "problem", f.problem, "reason", f.err.Err, "hint", f.err.Hint)...)
	}
	for _, how := range h.ended(warned) {
		k.over(h, how, said)
	}
	h.warned = warned
}

// ended says which of the problems that were reported have ended. One that gives way to
// another one of the same kind has not.
func (h *held) ended(now map[api.CertificateProblem]string) (how []string) {
	for _, kind := range []struct {
		how      string
		problems []api.CertificateProblem
	}{
		{"is valid, and lasts", []api.CertificateProblem{api.CertificateExpired, api.CertificateNotYetValid, api.CertificateExpiresSoon}},
		{"has authorities for clients that are valid, and last", []api.CertificateProblem{api.CertificateAuthorityExpired, api.CertificateAuthorityNotYetValid, api.CertificateAuthorityExpiresSoon}},
		{"has the names again that were lost", []api.CertificateProblem{api.CertificateNamesLost}},
	} {
		has := func(in map[api.CertificateProblem]string) bool {
			return slices.ContainsFunc(kind.problems, func(p api.CertificateProblem) bool { return in[p] != "" })
		}
		if has(h.warned) && !has(now) && (kind.problems[0] != api.CertificateNamesLost || h.regained) {
			how = append(how, kind.how)
		}
	}
	return how
}

// attrs name a certificate and its files in the log.
func (h *held) attrs() []any {
	attrs := []any{"names", h.source.Names(), "cert", from(h.tls)}
	if path := pathOf(h.tls.Key); path != "" && h.tls.Key != h.tls.Cert {
		attrs = append(attrs, "key", path)
	}
	return attrs
}
