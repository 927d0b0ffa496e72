package certs

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// authority returns the certificate of an authority as PEM.
func authority(t testing.TB, name string, from, until time.Time) string {
	i := &issuer{t: t, key: ecKey(t)}
	return certPEM(i.sign(&x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, NotBefore: from, NotAfter: until}, i.key))
}

// TestCheckCA checks what is reported of the authorities of clients: the file, who, and
// when.
func TestCheckCA(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	cert, key := ca.leaf("a.example")
	dir := t.TempDir()
	set := files(t, dir, cert, key)
	path := filepath.Join(dir, "ca.pem")
	set.ClientAuth, set.ClientCA = plan.ClientAuthRequire, plan.Plain(path)
	now := time.Now()
	at := func(days int) time.Time { return now.Add(time.Duration(days)*24*time.Hour + time.Hour) }
	good := authority(t, "good", at(-1), at(100))
	old := authority(t, "old", at(-20), at(-10))
	for what, tt := range map[string]struct {
		pem  string
		want []string
	}{
		"good":    {good, nil},
		"expired": {old, []string{"client_ca: of the authorities in " + path + ", CN=old has expired on " + day(at(-10)) + ": no certificate of a client is good"}},
		"one":     {good + old, []string{"client_ca: of the authorities in " + path + ", CN=old has expired on " + day(at(-10)) + ": its certificates are refused"}},
		"not yet": {authority(t, "new", at(1), at(10)), []string{"client_ca: of the authorities in " + path + ", CN=new is not valid before " + minute(at(1)) + ": no certificate of a client is good"}},
		"soon":    {authority(t, "tired", at(-10), at(10)), []string{"client_ca: of the authorities in " + path + ", CN=tired expires on " + day(at(10))}},
		"no authority": {certPEM(ca.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "leaf"}}, ecKey(t))),
			[]string{"client_ca: the certificate of CN=leaf in " + path + " does not say that it is one of an authority (basicConstraints), so that those that it has signed are refused"}},
		"one that says so": {certPEM(ca.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "leaf"}, BasicConstraintsValid: true}, ecKey(t))),
			[]string{"client_ca: " + path + ": the certificate of CN=leaf is not that of an authority"}},
		"wrong usage": {certPEM(ca.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "x"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature}, ecKey(t))),
			[]string{"client_ca: the certificate of CN=x in " + path + " may not sign certificates (keyUsage), so that those that it has signed are refused"}},
	} {
		t.Run(what, func(t *testing.T) {
			write(t, path, tt.pem)
			var got []string
			for _, e := range Check(set, now) {
				got = append(got, e.Error())
			}
			assert.Equal(t, tt.want, got)
			acme := plan.TLS{ACME: plan.ACME{Name: "a.example"}, ClientAuth: set.ClientAuth, ClientCA: set.ClientCA}
			assert.Len(t, CheckCA(acme, now), len(tt.want))
		})
	}
	assert.Empty(t, CheckCA(plan.TLS{}, now), "clients are not asked")
}

// TestAuthorityInUse checks that a master says when an authority in use has expired, and
// when there is a new one.
func TestAuthorityInUse(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	k, l := newKeeper(t)
	dir := t.TempDir()
	cert, key := ca.leaf("a.example")
	set := files(t, dir, cert, key)
	set.ClientAuth, set.ClientCA = plan.ClientAuthRequire, plan.Plain(filepath.Join(dir, "ca.pem"))
	write(t, set.ClientCA.Reveal(), authority(t, "old", time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)))
	k.use(t, ":1", set)
	assert.Equal(t, []api.CertificateProblem{api.CertificateAuthorityExpired}, k.Status()[0].Problems)
	assert.Equal(t, []api.EventKind{api.EventCertWarning}, l.kinds())
	assert.Contains(t, l.String(), "CN=old has expired on")
	write(t, set.ClientCA.Reveal(), authority(t, "new", time.Now().Add(-time.Hour), time.Now().Add(90*24*time.Hour)))
	eventually(t, func() bool { return len(l.kinds()) == 3 })
	assert.Equal(t, []api.EventKind{api.EventCertWarning, api.EventCertificate, api.EventCertRecovered}, l.kinds())
	assert.Contains(t, l.String(), "has authorities for clients that are valid")
}

// TestUnreached checks which certificates for addresses no client gets.
func TestUnreached(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	name := inline(ca.leaf("a.example"))
	address := inline(ca.issue(ecKey(t), &x509.Certificate{IPAddresses: ips("127.0.0.1", "::1")}))
	other := inline(ca.issue(ecKey(t), &x509.Certificate{IPAddresses: ips("127.0.0.1")}))
	assert.Empty(t, Unreached([]plan.TLS{address, name}, 0))
	assert.Empty(t, Unreached([]plan.TLS{address, name}, 1))
	assert.Equal(t, []string{"127.0.0.1", "::1"}, Unreached([]plan.TLS{name, address}, 1))
	assert.Equal(t, []string{"::1"}, Unreached([]plan.TLS{other, address}, 1))
	assert.Equal(t, []string{"127.0.0.1"}, Unreached([]plan.TLS{{ACME: plan.ACME{Name: "b.example"}}, other}, 1))
	assert.Empty(t, Unreached([]plan.TLS{{Cert: plan.Plain("/gone")}, other}, 1))
	require.Len(t, name.Paths(), 0)
}
