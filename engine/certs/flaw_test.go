package certs

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestNamedFiles checks that every error in the content of a file names the file.
func TestNamedFiles(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	cert, key := ca.leaf("a.example")
	_, otherKey := ca.leaf("b.example")
	dir := t.TempDir()
	certPath, keyPath := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for want, content := range map[string][2]string{
		"cert: " + certPath + ": there is no certificate in it":                                   {"", key},
		"key: " + keyPath + ": there is no private key in it":                                     {cert, ""},
		"key: " + keyPath + ": the key does not fit the certificate for a.example in " + certPath: {cert, otherKey},
		"cert: " + certPath + ": the certificate of the key comes as number 2":                    {certPEM(ca.cert) + cert, key},
	} {
		_, err := LoadPair(files(t, dir, content[0], content[1]))
		require.EqualError(t, err, want)
		assert.True(t, asError(err).IsBroken())
	}
	_, err := LoadPair(plan.TLS{Cert: plan.Plain(filepath.Join(dir, "gone")), Key: plan.Plain(keyPath)})
	assert.False(t, asError(err).IsBroken(), "another machine can have the file")
	set := files(t, dir, cert, key)
	require.NoError(t, os.Chmod(set.Key.Reveal(), 0o644))
	assert.ErrorContains(t, Check(set, time.Now())[0], keyPath)
}

// TestWrongRenewal checks that a valid certificate is not given up for one that is not
// valid, and that one that lacks names is taken and reported.
func TestWrongRenewal(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	k, l := newKeeper(t)
	dir := t.TempDir()
	cert, key := ca.leaf("a.example", "b.example")
	set := files(t, dir, cert, key)
	demanding := set
	demanding.ClientAuth, demanding.ClientCA = plan.ClientAuthRequire, plan.Plain(certPEM(ca.cert))
	k.use(t, ":1", set)
	k.use(t, ":2", demanding)
	before := served(t, k)

	now := time.Now()
	for want, template := range map[string]x509.Certificate{
		"has expired on":      {NotAfter: now.Add(-time.Hour)},
		"is not valid before": {NotBefore: now.Add(time.Hour)},
	} {
		template.DNSNames = []string{"a.example", "b.example"}
		bad, badKey := ca.issue(ecKey(t), &template)
		files(t, dir, bad, badKey)
		eventually(t, func() bool { return strings.Contains(l.String(), want) })
		assert.Equal(t, before, served(t, k), "the valid one stays")
		assert.Contains(t, k.Status()[0].Error, want)
		assert.Empty(t, k.Status()[0].Problems, "of the one in use")
		next, err := k.Prepare(map[string][]plan.TLS{":1": {set}, ":2": {demanding}})
		require.NoError(t, err)
		require.Len(t, next.Kept(), 1)
		assert.ErrorContains(t, next.Kept()[0], want)
	}
	assert.Equal(t, 1, strings.Count(l.String(), "has expired on"), "once for both listeners")

	cert, key = ca.leaf("a.example")
	files(t, dir, cert, key)
	eventually(t, func() bool { return served(t, k) != before })
	eventually(t, func() bool { return strings.Contains(l.String(), "no longer has the name b.example") })
	assert.Equal(t, 1, strings.Count(l.String(), "no longer has the name b.example"), l.String())
	assert.Equal(t, 1, strings.Count(l.String(), "certificate read again"), l.String())
	assert.Contains(t, l.String(), "level=WARN")
	assert.Contains(t, l.String(), "cert="+set.Cert.Reveal())
	assert.Contains(t, l.String(), "key="+set.Key.Reveal())
	assert.Contains(t, l.kinds(), api.EventCertWarning)
	for _, c := range k.Status() {
		assert.Equal(t, []api.CertificateProblem{api.CertificateNamesLost}, c.Problems)
		assert.Equal(t, []string{"b.example"}, c.Lost)
		assert.Empty(t, c.Error)
	}
}

// TestExpiredInUse checks that an expired certificate is replaced by another expired
// one, as none of them is valid, and that both are reported.
func TestExpiredInUse(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	k, l := newKeeper(t)
	dir := t.TempDir()
	late := func() (string, string) {
		return ca.issue(ecKey(t), &x509.Certificate{DNSNames: []string{"a.example"}, NotAfter: time.Now().Add(-time.Minute)})
	}
	cert, key := late()
	set := files(t, dir, cert, key)
	k.use(t, ":1", set)
	before := served(t, k)
	assert.Equal(t, []api.CertificateProblem{api.CertificateExpired}, k.Status()[0].Problems)
	assert.Equal(t, []api.EventKind{api.EventCertWarning}, l.kinds())
	cert, key = late()
	files(t, dir, cert, key)
	eventually(t, func() bool { return served(t, k) != before })
	assert.NotContains(t, l.kinds(), api.EventCertRecovered, "the new one has expired, too")

	cert, key = ca.leaf("a.example")
	files(t, dir, cert, key)
	eventually(t, func() bool { return slices.Contains(l.kinds(), api.EventCertRecovered) })
	assert.Contains(t, l.String(), "is valid, and lasts")
}

// TestRegainedNames checks that names that were lost are only said to be back if they are.
func TestRegainedNames(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	k, l := newKeeper(t)
	dir := t.TempDir()
	renew := func(names ...string) plan.TLS {
		cert, key := ca.leaf(names...)
		return files(t, dir, cert, key)
	}
	problems := func() []api.CertificateProblem { return k.Status()[0].Problems }
	k.use(t, ":1", renew("a.example", "b.example"))
	renew("a.example")
	eventually(t, func() bool { return len(problems()) == 1 })
	renew("a.example")
	eventually(t, func() bool { return len(problems()) == 0 })
	assert.NotContains(t, l.kinds(), api.EventCertRecovered)
	renew("a.example", "b.example")
	eventually(t, func() bool { return strings.Count(l.String(), "certificate read again") == 3 })
	renew("a.example")
	eventually(t, func() bool { return len(problems()) == 1 })
	renew("a.example", "b.example")
	eventually(t, func() bool { return slices.Contains(l.kinds(), api.EventCertRecovered) })
	assert.Contains(t, l.String(), "has the names again that were lost")
}
