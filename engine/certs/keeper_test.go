package certs

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// served returns the fingerprint of the certificate that a client gets.
func served(t testing.TB, k *Keeper) string {
	state, err := shake(k.Store(":1"), &tls.Config{InsecureSkipVerify: true})
	require.NoError(t, err)
	return Fingerprint(state.PeerCertificates[0])
}

func fingerprint(t testing.TB, set plan.TLS) string {
	p, err := LoadPair(set)
	require.NoError(t, err)
	return Fingerprint(p.Leaf())
}

func eventually(t testing.TB, what func() bool) {
	t.Helper()
	require.Eventually(t, what, 30*time.Second, 20*time.Millisecond)
}

// TestChangedFiles checks that files that change are read again, whether they are
// written, replaced, or behind a link that is set to another folder as certbot and
// Kubernetes do.
func TestChangedFiles(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	t.Run("written", func(t *testing.T) {
		k, l := newKeeper(t)
		dir := t.TempDir()
		cert, key := ca.leaf("a.example")
		set := files(t, dir, cert, key)
		k.use(t, ":1", set)
		before := served(t, k)
		cert, key = ca.leaf("b.example")
		files(t, dir, cert, key)
		eventually(t, func() bool { return served(t, k) == fingerprint(t, set) })
		assert.NotEqual(t, before, served(t, k))
		assert.Equal(t, []api.EventKind{api.EventCertificate, api.EventCertWarning}, l.kinds(), "a.example is lost")
		assert.Contains(t, l.String(), "certificate read again")
		assert.NotContains(t, l.String(), "ERROR", "between two writes")
	})
	t.Run("links of Kubernetes", func(t *testing.T) {
		k, _ := newKeeper(t)
		dir := t.TempDir()
		version := func(name string) {
			require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
			cert, key := ca.leaf(name + ".example")
			files(t, filepath.Join(dir, name), cert, key)
			require.NoError(t, os.Symlink(name, filepath.Join(dir, "..tmp")))
			require.NoError(t, os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")))
		}
		version("one")
		for _, name := range []string{"cert.pem", "key.pem"} {
			require.NoError(t, os.Symlink("..data/"+name, filepath.Join(dir, name)))
		}
		set := plan.TLS{Cert: plan.Plain(filepath.Join(dir, "cert.pem")), Key: plan.Plain(filepath.Join(dir, "key.pem"))}
		k.use(t, ":1", set)
		before := served(t, k)
		version("two")
		eventually(t, func() bool { return served(t, k) != before })
		assert.Equal(t, fingerprint(t, set), served(t, k))
	})
	t.Run("links of certbot", func(t *testing.T) {
		k, l := newKeeper(t)
		dir := t.TempDir()
		link := func(n, name, text string) {
			write(t, filepath.Join(dir, n+name), text)
			_ = os.Remove(filepath.Join(dir, name))
			require.NoError(t, os.Symlink(n+name, filepath.Join(dir, name)))
		}
		cert, key := ca.leaf("a.example")
		link("1", "cert.pem", cert)
		link("1", "key.pem", key)
		set := plan.TLS{Cert: plan.Plain(filepath.Join(dir, "cert.pem")), Key: plan.Plain(filepath.Join(dir, "key.pem"))}
		k.use(t, ":1", set)
		before := served(t, k)
		cert, key = ca.leaf("a.example")
		link("2", "cert.pem", cert)
		link("2", "key.pem", key)
		eventually(t, func() bool { return served(t, k) != before })
		assert.NotContains(t, l.String(), "ERROR", "between two links")
	})
}

// TestBrokenFiles checks that a pair that cannot be read again stays as it was, and
// that this is said once.
func TestBrokenFiles(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	k, l := newKeeper(t)
	dir := t.TempDir()
	cert, key := ca.leaf("a.example")
	set := files(t, dir, cert, key)
	k.use(t, ":1", set)
	before := served(t, k)
	_, otherKey := ca.leaf("b.example")
	write(t, filepath.Join(dir, "key.pem"), otherKey)
	eventually(t, func() bool { return len(l.kinds()) > 0 })
	assert.Equal(t, []api.EventKind{api.EventCertFailed}, l.kinds())
	assert.Equal(t, before, served(t, k))
	status := k.Status()
	require.Len(t, status, 1)
	assert.Contains(t, status[0].Error, "the key does not fit")
	assert.Equal(t, []string{":1"}, status[0].Listeners)
	assert.Equal(t, []string{"a.example"}, status[0].Names)
	assert.Contains(t, l.String(), "the one in use stays")
	for line := range strings.Lines(key + otherKey) {
		assert.NotContains(t, l.String(), strings.TrimSpace(line))
	}

	k.use(t, ":1", set) // a reload keeps it, too, and says so
	assert.Len(t, l.kinds(), 2)
	assert.Equal(t, before, served(t, k))
	_, err := k.Prepare(map[string][]plan.TLS{":1": {set}, ":2": {{Cert: set.Cert, Key: plan.Plain(filepath.Join(dir, "no"))}}})
	assert.ErrorContains(t, err, `listener ":2": tls: key: stat`)

	write(t, filepath.Join(dir, "key.pem"), key)
	eventually(t, func() bool { return k.Status()[0].Error == "" })
	assert.Equal(t, before, served(t, k))
	eventually(t, func() bool { return len(l.kinds()) == 3 })
	assert.Equal(t, api.EventCertRecovered, l.kinds()[2])
	assert.Contains(t, l.String(), "the certificate for a.example in "+set.Cert.Reveal()+" can be read again")
}

// TestLongChain checks that a chain which clients would not take does not replace one
// that works, and that a chain that changes alone is read again, which is said.
func TestLongChain(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	k, l := newKeeper(t)
	dir := t.TempDir()
	cert, key := ca.leaf("a.example")
	set := files(t, dir, cert, key)
	k.use(t, ":1", set)
	chain := func() int {
		state, err := shake(k.Store(":1"), &tls.Config{InsecureSkipVerify: true})
		require.NoError(t, err)
		return len(state.PeerCertificates)
	}
	one := certPEM(ca.cert)
	files(t, dir, cert+strings.Repeat(one, maxChain/len(ca.cert.Raw)+1), key)
	eventually(t, func() bool { return k.Status()[0].Error != "" })
	assert.Contains(t, k.Status()[0].Error, "clients take at most 64")
	_, err := LoadPair(set)
	assert.True(t, asError(err).IsBroken())
	assert.Equal(t, 1, chain())

	files(t, dir, cert+one, key)
	eventually(t, func() bool { return chain() == 2 })
	assert.Empty(t, k.Status()[0].Error)
	assert.Contains(t, l.String(), "chain of a certificate read again")
	assert.Contains(t, l.kinds(), api.EventCertificate)
}
