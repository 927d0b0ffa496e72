package certs

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestLoadPair_Refuses checks what cannot be used, and that no error shows a key.
func TestLoadPair_Refuses(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	cert, key := ca.leaf("a.example")
	_, otherKey := ca.leaf("b.example")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "cert"), cert)
	write(t, filepath.Join(dir, "locked"), cert)
	require.NoError(t, os.Chmod(filepath.Join(dir, "locked"), 0))
	broken := strings.Replace(key, "M", "N", 3)
	cases := map[string]struct{ cert, key, want string }{
		"no file":              {filepath.Join(dir, "gone"), key, "cert: stat " + filepath.Join(dir, "gone") + ": no such file"},
		"no key file":          {cert, filepath.Join(dir, "gone"), "key: stat"},
		"a folder":             {dir, key, "cert: open " + dir},
		"no PEM":               {"-----BEGIN ", key, "cert: there is no certificate in it"},
		"a key":                {key, key, "cert: there is no certificate in it"},
		"a certificate as key": {cert, cert, "key: there is no private key in it"},
		"another key":          {cert, otherKey, "key: the key does not fit the certificate for a.example"},
		"wrong order":          {certPEM(ca.cert) + cert, key, "cert: the certificate of the key comes as number 2"},
		"broken certificate":   {"-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----", key, "cert: certificate 1: x509:"},
		"broken key":           {cert, broken, "key: "},
		"encrypted key":        {cert, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII=\n-----END ENCRYPTED PRIVATE KEY-----", "key: the key is encrypted"},
		"old encrypted key":    {cert, "-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: x\n\nMII=\n-----END RSA PRIVATE KEY-----", "key: the key is encrypted"},
	}
	for what, tt := range cases {
		t.Run(what, func(t *testing.T) {
			set := plan.TLS{Cert: plan.Plain(tt.cert), Key: plan.Secret(tt.key)}
			_, err := LoadPair(set)
			require.ErrorContains(t, err, tt.want)
			for line := range strings.Lines(key + broken) {
				assert.NotContains(t, err.Error(), strings.TrimSpace(line))
			}
			wrong := Check(set, time.Now())
			require.Len(t, wrong, 1)
			assert.Equal(t, err.Error(), wrong[0].Error())
		})
	}
}

// TestLoadPair reads keys in all formats, and both halves from one file.
func TestLoadPair(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	for what, k := range map[string]func() (cert, key string){
		"ECDSA": func() (string, string) { return ca.leaf("A.example") },
		"RSA": func() (string, string) {
			return ca.issue(rsaKey(t, 2048), &x509.Certificate{DNSNames: []string{"a.example"}})
		},
	} {
		cert, key := k()
		for _, set := range []plan.TLS{inline(cert+certPEM(ca.cert), key), inline(key+cert, key+cert), {Cert: plan.Secret(cert + key), Key: plan.Secret(cert + key)}} {
			p, err := LoadPair(set)
			require.NoError(t, err, what)
			assert.Equal(t, []string{"a.example"}, p.Names())
			assert.Empty(t, Check(set, time.Now()))
			assert.NotContains(t, plan.ShowTLS([]plan.TLS{set, set}), "BEGIN")
		}
	}
}

// TestCheck checks what is reported of certificates that can be used.
func TestCheck(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	now := time.Now()
	cases := map[string]struct {
		template x509.Certificate
		want     string
	}{
		"expired":     {x509.Certificate{NotAfter: now.Add(-time.Hour)}, "has expired on"},
		"soon":        {x509.Certificate{NotAfter: now.Add(20*24*time.Hour + time.Hour)}, "in 20 days"},
		"not yet":     {x509.Certificate{NotBefore: now.Add(time.Hour)}, "is not valid before"},
		"for clients": {x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, "is not for servers"},
	}
	for what, tt := range cases {
		t.Run(what, func(t *testing.T) {
			tt.template.DNSNames = []string{"a.example"}
			cert, key := ca.issue(ecKey(t), &tt.template)
			wrong := Check(inline(cert, key), now)
			require.Len(t, wrong, 1)
			assert.ErrorContains(t, wrong[0], tt.want)
		})
	}
	t.Run("no names", func(t *testing.T) {
		cert, key := ca.leaf()
		wrong := Check(inline(cert, key), now)
		require.Len(t, wrong, 1)
		assert.ErrorContains(t, wrong[0], "of CN=somebody has no name")
	})
	t.Run("chain", func(t *testing.T) {
		cert, key := ca.leaf("a.example")
		wrong := Check(inline(cert+certPEM(newIssuer(t, "another").cert), key), now)
		require.Len(t, wrong, 1)
		assert.ErrorContains(t, wrong[0], "certificate 2 of the chain has not signed certificate 1")
	})
	t.Run("key for all", func(t *testing.T) {
		cert, key := ca.leaf("a.example")
		set := files(t, t.TempDir(), cert, key)
		assert.Empty(t, Check(set, now))
		require.NoError(t, os.Chmod(set.Key.Reveal(), 0o644))
		wrong := Check(set, now)
		require.Len(t, wrong, 1)
		assert.ErrorContains(t, wrong[0], "every user of this machine can use")
	})
}

// TestUncovered checks which hosts have no certificate.
func TestUncovered(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	cert, key := ca.leaf("a.example", "*.b.example")
	set := []plan.TLS{inline(cert, key)}
	hosts := []string{"a.example", "x.b.example", "*.b.example", "b.example", "x.y.b.example", "*.a.example", "c.example"}
	assert.Equal(t, []string{"b.example", "x.y.b.example", "*.a.example", "c.example"}, Uncovered(set, hosts))
}
