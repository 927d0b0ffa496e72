package certs

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// LoadCA reads the certificates of those who sign the certificates of clients. The
// error is an *Error.
func LoadCA(t plan.TLS) (*CA, error) {
	data, err := read("client_ca", t.ClientCA)
	if err != nil {
		return nil, err
	}
	certs, err := parseCertificates("client_ca", t, t.ClientCA, data)
	if err != nil {
		return nil, err
	}
	ca := &CA{pool: x509.NewCertPool(), certs: certs}
	var sums []string
	for _, c := range certs {
		if c.BasicConstraintsValid && !c.IsCA {
			return nil, &Error{Argument: "client_ca", Err: broken(t.ClientCA, fmt.Errorf("the certificate %s is not that of an authority", whose(c))), Hint: "name the certificate that has signed those of the clients"}
		}
		ca.pool.AddCert(c)
		sums = append(sums, Fingerprint(c))
	}
	slices.Sort(sums)
	ca.digest = strings.Join(slices.Compact(sums), ",")
	return ca, nil
}

// LoadRoots reads the certificates of authorities, for an argument with that name. The
// error is an *Error.
func LoadRoots(argument string, t plan.Text) (*x509.CertPool, error) {
	data, err := read(argument, t)
	if err != nil {
		return nil, err
	}
	certs, err := parseCertificates(argument, plan.TLS{}, t, data)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	for _, c := range certs {
		pool.AddCert(c)
	}
	return pool, nil
}

// A CA is a set of authorities. It never changes.
type CA struct {
	pool   *x509.CertPool
	certs  []*x509.Certificate // in the order of the file
	digest string              // equal for equal sets
}

// errNoCertificate is why a client cannot resume a session in which it has shown no
// certificate.
var errNoCertificate = errors.New("the client has no certificate")

// verify checks the chain of a client, and fails as crypto/tls does.
func (ca *CA) verify(chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return errNoCertificate
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: ca.pool, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: err}
	}
	return nil
}

// cannotSign returns why a certificate is of no use in client_ca unless a client shows
// that certificate itself, or "".
func cannotSign(c *x509.Certificate) string {
	switch {
	case c.Version == 3 && !c.BasicConstraintsValid:
		return "does not say that it is one of an authority (basicConstraints)"
	case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
		return "may not sign certificates (keyUsage)"
	}
	return ""
}

// CheckCA returns what is wrong with the authorities of one tls(...) that asks clients
// for certificates, now or soon. It returns nothing for others.
func CheckCA(t plan.TLS, now time.Time) (wrong []*Error) {
	if t.ClientAuth == plan.ClientAuthNone {
		return nil
	}
	ca, err := LoadCA(t)
	if err != nil {
		return []*Error{unusable(err)}
	}
	for _, f := range ca.flaws(t, now) {
		wrong = append(wrong, f.err)
	}
	for _, c := range ca.certs {
		if why := cannotSign(c); why != "" {
			wrong = append(wrong, &Error{Argument: "client_ca", Err: fmt.Errorf("the certificate %s%s %s, so that those that it has signed are refused", whose(c), inFile(t.ClientCA), why),
				Hint: "name the certificate that has signed those of the clients"})
		}
	}
	return wrong
}

// flaws returns what is wrong with the time of the authorities, with one flaw for each
// problem.
func (ca *CA) flaws(t plan.TLS, now time.Time) (out []flaw) {
	found := make(map[api.CertificateProblem][]string)
	good := 0
	for _, c := range ca.certs {
		who := c.Subject.String()
		switch {
		case now.After(c.NotAfter):
			found[api.CertificateAuthorityExpired] = append(found[api.CertificateAuthorityExpired], who+" has expired on "+day(c.NotAfter))
			continue
		case now.Before(c.NotBefore):
			found[api.CertificateAuthorityNotYetValid] = append(found[api.CertificateAuthorityNotYetValid], who+" is not valid before "+minute(c.NotBefore))
			continue
		case c.NotAfter.Sub(now) < soon:
			found[api.CertificateAuthorityExpiresSoon] = append(found[api.CertificateAuthorityExpiresSoon], who+" expires on "+day(c.NotAfter))
		}
		good++
	}
	consequence := "its certificates are refused"
	if good == 0 {
		consequence = "no certificate of a client is good"
	}
	for _, p := range []api.CertificateProblem{api.CertificateAuthorityExpired, api.CertificateAuthorityNotYetValid, api.CertificateAuthorityExpiresSoon} {
		if len(found[p]) == 0 {
			continue
		}
		text, hint := fmt.Sprintf("of the authorities%s, %s: %s", inFile(t.ClientCA), strings.Join(found[p], ", "), consequence), "put the authority's new certificate into "+cmp.Or(pathOf(t.ClientCA), "client_ca")
		switch p {
		case api.CertificateAuthorityExpiresSoon:
			text = strings.TrimSuffix(text, ": "+consequence)
		case api.CertificateAuthorityNotYetValid:
			hint = hintClock
		}
		out = append(out, flaw{p, &Error{Argument: "client_ca", Err: errors.New(text), Hint: hint, kept: true}})
	}
	return out
}

// inFile says in which file the content of an argument is; "" if the argument holds PEM.
func inFile(t plan.Text) string {
	if path := pathOf(t); path != "" {
		return " in " + path
	}
	return ""
}
