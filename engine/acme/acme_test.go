package acme

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	acmez "github.com/mholt/acmez/v3/acme"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/acme/acmetest"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestIssue gets certificates by each challenge, also from an issuer that rejects half
// of the nonces, and finds them again after a restart.
func TestIssue(t *testing.T) {
	for _, kind := range []plan.Challenge{plan.ChallengeHTTP, plan.ChallengeTLS} {
		t.Run(string(kind), func(t *testing.T) {
			i := newIssuer(t, acmetest.Options{BadNonces: 50})
			m := newMaster(t)
			m.answers(i)
			spec := specOf(i, t.TempDir(), "www.shop.test")
			spec.Challenge, spec.Email = kind, "me@shop.test"
			m.keep(t, spec)
			_, err := m.leaf("www.shop.test", i.Roots())
			assert.ErrorContains(t, err, "tls: internal error", "there is none yet")
			leaf := m.issued(t, i, "www.shop.test")
			assert.Equal(t, []string{"www.shop.test"}, leaf.DNSNames)
			soon(t, func() bool { return m.status("www.shop.test").ACME.RenewAt != nil }, "valid")
			s := m.status("www.shop.test")
			assert.Equal(t, api.ACMEValid, s.ACME.State)
			assert.Equal(t, i.URL, s.From)
			assert.Empty(t, s.Error)
			assert.Contains(t, m.events.kinds(), api.EventCertificate)
			m.stop()
			checkModes(t, spec.Storage)

			again := newMaster(t)
			again.keep(t, spec)
			found, err := again.leaf("www.shop.test", i.Roots())
			require.NoError(t, err, "at once")
			assert.True(t, found.Equal(leaf))
			assert.NotContains(t, again.log.String(), "requesting")
			assert.Equal(t, api.ACMEValid, again.status("www.shop.test").ACME.State)
		})
	}
}

// checkModes checks that everything in a storage belongs to its user only, and that
// no challenge is left.
func checkModes(t *testing.T, root string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		switch {
		case path == root:
		case d.IsDir():
			assert.Equal(t, fs.FileMode(0o700), info.Mode().Perm(), path)
		default:
			assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), path)
			assert.NotEqual(t, dirChallenges, filepath.Base(filepath.Dir(path)), path)
		}
		return nil
	}))
}

// TestChallenges checks that a challenge is answered only while it is open.
func TestChallenges(t *testing.T) {
	i := newIssuer(t, acmetest.Options{})
	m := newMaster(t)
	m.keep(t, specOf(i, t.TempDir(), "shop.test"))
	s := storageOf(t.TempDir(), i.URL)
	require.NoError(t, s.prepare())
	solve := &solver{m.board, s}
	c := acmez.Challenge{Type: "http-01", Token: "abcdefghijklmnopqrstu", KeyAuthorization: "abcdefghijklmnopqrstu.key", Identifier: acmez.Identifier{Type: "dns", Value: "shop.test"}}
	assert.Nil(t, m.HTTPAnswer([]byte(c.Token)))
	require.NoError(t, solve.Present(t.Context(), c))
	assert.Equal(t, c.KeyAuthorization, string(m.HTTPAnswer([]byte(c.Token))))
	assert.Zero(t, testing.AllocsPerRun(100, func() { m.HTTPAnswer([]byte("nosuchtoken")) }))
	require.NoError(t, solve.CleanUp(t.Context(), c))
	assert.Nil(t, m.HTTPAnswer([]byte(c.Token)))

	for _, token := range []string{"", "../../../../etc/passwd-1", "abcdefghijklmnopqrst/", "short", strings.Repeat("a", 300)} {
		c.Token = token
		assert.Error(t, solve.Present(t.Context(), c), token)
	}

	// Only a handshake that is one of an issuer gets the certificate of a challenge.
	c = acmez.Challenge{Type: "tls-alpn-01", Token: "abcdefghijklmnopqrstu", KeyAuthorization: "x.y", Identifier: acmez.Identifier{Type: "dns", Value: "shop.test"}}
	shake := func(name string, protocols ...string) error {
		conn, err := tls.Dial("tcp", m.tls, &tls.Config{ServerName: name, InsecureSkipVerify: true, NextProtos: protocols})
		if err == nil {
			conn.Close()
		}
		return err
	}
	assert.Error(t, shake("shop.test", "acme-tls/1"))
	require.NoError(t, solve.Present(t.Context(), c))
	assert.NoError(t, shake("shop.test", "acme-tls/1"))
	assert.NoError(t, shake("SHOP.test", "acme-tls/1"))
	assert.Error(t, shake("other.test", "acme-tls/1"))
	assert.Error(t, shake("shop.test", "acme-tls/1", "http/1.1"))
	assert.Error(t, shake("shop.test"))
}

// TestRenew renews certificates that live for a few seconds, under handshakes that
// never fail.
func TestRenew(t *testing.T) {
	i := newIssuer(t, acmetest.Options{Validity: 20 * time.Second})
	m := newMaster(t)
	m.answers(i)
	m.keep(t, specOf(i, t.TempDir(), "shop.test"))
	serials := map[string]bool{serial(m.issued(t, i, "shop.test")): true}
	soon(t, func() bool {
		leaf, err := m.leaf("shop.test", i.Roots())
		require.NoError(t, err)
		serials[serial(leaf)] = true
		return len(serials) == 3
	}, "renewed twice")
}

// TestReload adds a name and removes one.
func TestReload(t *testing.T) {
	i := newIssuer(t, acmetest.Options{})
	m := newMaster(t)
	m.answers(i)
	root := t.TempDir()
	m.keep(t, specOf(i, root, "a.test"))
	first := m.issued(t, i, "a.test")
	m.keep(t, specOf(i, root, "a.test"), specOf(i, root, "b.test"))
	m.issued(t, i, "b.test")
	leaf, err := m.leaf("a.test", i.Roots())
	require.NoError(t, err)
	assert.True(t, leaf.Equal(first))
	m.keep(t, specOf(i, root, "b.test"))
	leaf, err = m.leaf("b.test", i.Roots())
	require.NoError(t, err)
	assert.Equal(t, []string{"b.test"}, leaf.DNSNames)
	_, err = m.leaf("a.test", i.Roots())
	assert.Error(t, err)
	assert.Equal(t, 2, i.Requests("/order-plz"))
}

// TestSharedStorage lets two masters share a storage. The issuer comes to the one that
// has not asked, and it issues one certificate.
func TestSharedStorage(t *testing.T) {
	for _, kind := range []plan.Challenge{plan.ChallengeHTTP, plan.ChallengeTLS} {
		t.Run(string(kind), func(t *testing.T) {
			i := newIssuer(t, acmetest.Options{})
			a, b := newMaster(t), newMaster(t)
			spec := specOf(i, t.TempDir(), "shop.test")
			spec.Challenge = kind
			s := storageOf(spec.Storage, i.URL)
			require.NoError(t, s.prepare())
			unlock, err := s.lock(t.Context(), "shop.test") // so that b has to wait for a
			require.NoError(t, err)
			b.answers(i)
			a.keep(t, spec)
			b.keep(t, spec)
			unlock()
			one, two := a.issued(t, i, "shop.test"), b.issued(t, i, "shop.test")
			assert.True(t, one.Equal(two))
			assert.Equal(t, 1, i.Requests("/order-plz"))
			assert.Equal(t, 1, i.Requests("/sign-me-up"))
		})
	}
}

// TestIssuerDown checks that a master starts without its issuer, says so, and gets the
// certificate once the issuer is there; and that a certificate stays if it goes.
func TestIssuerDown(t *testing.T) {
	i := newIssuer(t, acmetest.Options{})
	i.Fail(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusBadGateway)
		return true
	})
	m := newMaster(t)
	m.answers(i)
	spec := specOf(i, t.TempDir(), "shop.test")
	m.keep(t, spec)
	soon(t, func() bool {
		return strings.Contains(m.log.String(), "no certificate: TLS clients that ask for the name are refused")
	}, "logged")
	s := m.status("shop.test")
	assert.Equal(t, api.ACMEPending, s.ACME.State)
	assert.Contains(t, s.Error, "502")
	assert.NotNil(t, s.ACME.TryAt)
	assert.Contains(t, m.events.kinds(), api.EventCertFailed)
	i.Fail(nil)
	leaf := m.issued(t, i, "shop.test")
	soon(t, func() bool { return slices.Contains(m.events.kinds(), api.EventCertRecovered) }, "recovered")

	// The certificate is due, and the issuer says no.
	m.stop()
	i.Fail(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/order-plz" {
			return false
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Retry-After", "86400")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many\u001b[31m certificates"}`)
		return true
	})
	due(t, i, spec, leaf)
	again := newMaster(t)
	again.answers(i)
	again.keep(t, spec)
	soon(t, func() bool { return again.status("shop.test").ACME.State == api.ACMEFailing }, "failing")
	s = again.status("shop.test")
	assert.Contains(t, s.Error, `too many\x1b[31m certificates`)
	assert.Contains(t, again.log.String(), "certificate not renewed: the one in use stays")
	assert.Contains(t, again.log.String(), "the issuer limits")
	assert.Greater(t, time.Until(*s.ACME.TryAt), 23*time.Hour)
	kept, err := again.leaf("shop.test", i.Roots())
	require.NoError(t, err)
	assert.True(t, kept.Equal(leaf))
	orders := i.Requests("/order-plz")
	again.stop()

	// Neither a restart nor a reload asks an issuer that wants to be left alone.
	third := newMaster(t)
	third.keep(t, spec)
	third.keep(t, spec)
	soon(t, func() bool { return strings.Contains(third.log.String(), "certificate not renewed") }, "said again")
	assert.Equal(t, orders, i.Requests("/order-plz"))
}

// TestMended checks that a reload with other settings tries at once, without saying again
// what was wrong before it, and that one with the same settings does not.
func TestMended(t *testing.T) {
	i := newIssuer(t, acmetest.Options{})
	spec := specOf(i, t.TempDir(), "shop.test")
	s := storageOf(spec.Storage, i.URL)
	require.NoError(t, s.prepare())
	failed := func(settings plan.ACME, ago time.Duration) {
		tried := time.Now().Add(-ago)
		require.NoError(t, s.writeJSON(dirCertificates, "shop.test.json",
			note{Failures: 9, Error: "what was wrong", Settings: settingsOf(settings), Tried: tried, Next: tried.Add(6 * time.Hour)}))
	}
	failed(spec, 2*time.Minute)
	m := newMaster(t)
	m.answers(i)
	m.keep(t, spec)
	soon(t, func() bool { return strings.Contains(m.log.String(), "what was wrong") }, "said at the start")
	assert.Zero(t, i.Requests("/order-plz"))
	assert.Equal(t, "what was wrong", m.status("shop.test").Error)

	mended := spec
	mended.Email = "me@shop.test"
	said := strings.Count(m.log.String(), "what was wrong")
	m.keep(t, mended)
	assert.Empty(t, m.status("shop.test").Error)
	m.issued(t, i, "shop.test")
	assert.Equal(t, said, strings.Count(m.log.String(), "what was wrong"))
	m.stop()

	// A reload right after a failure tries a minute after it.
	require.NoError(t, os.Remove(s.path(dirCertificates, "shop.test.pem")))
	failed(mended, time.Minute-2*time.Second)
	again := newMaster(t)
	again.answers(i)
	again.keep(t, mended)
	again.keep(t, mended)
	again.issued(t, i, "shop.test")
}

// due makes a certificate one that the issuer wants to be renewed.
func due(t *testing.T, i *acmetest.Issuer, a plan.ACME, leaf *x509.Certificate) {
	t.Helper()
	past := time.Now().Add(-time.Hour)
	s := storageOf(a.Storage, i.URL)
	require.NoError(t, s.writeJSON(dirCertificates, a.Name+".json", note{Serial: serial(leaf), Renew: past, AskAgain: time.Now().Add(time.Hour)}))
}

// TestSuggestion renews a certificate because the issuer wants that (RFC 9773).
func TestSuggestion(t *testing.T) {
	i := newIssuer(t, acmetest.Options{})
	m := newMaster(t)
	m.answers(i)
	spec := specOf(i, t.TempDir(), "shop.test")
	m.keep(t, spec)
	leaf := m.issued(t, i, "shop.test")
	m.stop()
	require.NoError(t, i.Suggest(leaf, `{"suggestedWindow":{"start":"2020-01-01T00:00:00Z","end":"2020-01-02T00:00:00Z"},"explanationURL":"https://why.test/"}`))
	s := storageOf(spec.Storage, i.URL)
	require.NoError(t, s.writeJSON(dirCertificates, "shop.test.json", note{}))
	again := newMaster(t)
	again.answers(i)
	again.keep(t, spec)
	soon(t, func() bool {
		next, err := again.leaf("shop.test", i.Roots())
		require.NoError(t, err)
		return !next.Equal(leaf)
	}, "renewed")
	assert.Contains(t, again.log.String(), "https://why.test/")
}

// TestAccountGone opens another account if the issuer does not know the one of the
// storage, and none if the account was closed.
func TestAccountGone(t *testing.T) {
	i := newIssuer(t, acmetest.Options{})
	m := newMaster(t)
	m.answers(i)
	root := t.TempDir()
	m.keep(t, specOf(i, root, "a.test"))
	m.issued(t, i, "a.test")
	i.Reset(acmetest.Options{})
	m.keep(t, specOf(i, root, "b.test"))
	m.issued(t, i, "b.test")
	assert.Equal(t, 2, strings.Count(m.log.String(), "account of the issuer opened"))

	n := m.names[specOf(i, root, "b.test")]
	saved, key, err := n.readAccount()
	require.NoError(t, err)
	c, err := newClient(n.spec, "")
	require.NoError(t, err)
	defer c.close()
	closed := saved.Account
	closed.PrivateKey, closed.Status = key, acmez.StatusDeactivated
	_, err = c.UpdateAccount(t.Context(), closed)
	require.NoError(t, err)
	m.keep(t, specOf(i, root, "c.test"))
	soon(t, func() bool { return m.status("c.test").Error != "" }, "failed")
	assert.Contains(t, m.log.String(), "if the account was closed, remove")
	assert.Equal(t, 2, strings.Count(m.log.String(), "account of the issuer opened"))
}

// TestEAB binds the account to another one.
func TestEAB(t *testing.T) {
	const key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
	i := newIssuer(t, acmetest.Options{EAB: map[string]string{"kid-1": key}})
	m := newMaster(t)
	m.answers(i)
	spec := specOf(i, t.TempDir(), "shop.test")
	m.keep(t, spec)
	soon(t, func() bool { return strings.Contains(m.log.String(), "add eab=[ID, KEY]") }, "says what is missing")
	spec.EABKeyID, spec.EABKey = "kid-1", plan.Secret(key)
	m.keep(t, spec)
	m.forget(t, spec)
	m.issued(t, i, "shop.test")
	assert.NotContains(t, m.log.String(), key)
}

// forget removes the note about a name, so that nothing waits, and reloads.
func (m *master) forget(t *testing.T, a plan.ACME) {
	t.Helper()
	s := storageOf(a.Storage, a.Directory)
	require.NoError(t, os.Remove(s.path(dirCertificates, a.Name+".json")))
	m.mu.Lock()
	delete(m.names, a)
	m.mu.Unlock()
	m.keep(t, a)
}

// TestBrokenStorage sets files aside that cannot be read, and goes on.
func TestBrokenStorage(t *testing.T) {
	i := newIssuer(t, acmetest.Options{})
	m := newMaster(t)
	m.answers(i)
	spec := specOf(i, t.TempDir(), "shop.test")
	s := storageOf(spec.Storage, i.URL)
	require.NoError(t, s.prepare())
	require.NoError(t, s.write(dirCertificates, "shop.test.pem", []byte("-----BEGIN nonsense")))
	require.NoError(t, s.write(dirCertificates, "shop.test.json", []byte("{")))
	require.NoError(t, s.write(dirAccounts, accountFile(spec), []byte(`{"key":"-----BEGIN PRIVATE KEY-----\nabc"}`)))
	require.NoError(t, s.write(dirChallenges, "x.json", []byte(`{"token":"../../x"}`)))
	require.NoError(t, os.Mkdir(s.path(dirChallenges, "y.json"), 0o700))
	m.keep(t, spec)
	m.issued(t, i, "shop.test")
	for _, file := range []string{s.path(dirCertificates, "shop.test.pem.broken"), s.path(dirAccounts, accountFile(spec)+".broken")} {
		assert.FileExists(t, file)
	}
	m.stop()

	// A certificate for another name is no better.
	other, err := s.read(dirCertificates, "shop.test.pem")
	require.NoError(t, err)
	require.NoError(t, s.write(dirCertificates, "b.test.pem", other))
	require.NoError(t, os.Chmod(s.path(dirCertificates, "shop.test.pem"), 0o644))
	again := newMaster(t)
	again.answers(i)
	again.keep(t, specOf(i, spec.Storage, "b.test"), spec)
	leaf := again.issued(t, i, "b.test")
	assert.Equal(t, []string{"b.test"}, leaf.DNSNames)
	info, err := os.Stat(s.path(dirCertificates, "shop.test.pem"))
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
}

// TestHostileIssuer limits what an issuer can make a master do.
func TestHostileIssuer(t *testing.T) {
	i := newIssuer(t, acmetest.Options{})
	i.Fail(func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		for range 3 << 10 {
			if _, err := w.Write(make([]byte, 1<<10)); err != nil {
				return true
			}
		}
		return true
	})
	m := newMaster(t)
	m.keep(t, specOf(i, t.TempDir(), "shop.test"))
	soon(t, func() bool { return strings.Contains(m.status("shop.test").Error, "longer than") }, "refused")
}

// TestPlace finds the state directory.
func TestPlace(t *testing.T) {
	t.Setenv("STATE_DIRECTORY", "/var/lib/x:/var/lib/y")
	root, err := Root(plan.ACME{})
	require.NoError(t, err)
	assert.Equal(t, "/var/lib/x/acme", root)
	t.Setenv("STATE_DIRECTORY", "")
	root, err = Root(plan.ACME{Storage: "/s"})
	require.NoError(t, err)
	assert.Equal(t, "/s", root)

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	assert.ErrorContains(t, CheckRoot(filepath.Join(file, "x")), "certificates cannot be stored")
	assert.NoError(t, CheckRoot(filepath.Join(t.TempDir(), "a", "b")))
	_, err = New(Options{}).Source(plan.ACME{Name: "a.test", Storage: filepath.Join(file, "x")})
	assert.ErrorContains(t, err, "certificates cannot be stored")
}

// TestBackoff checks how long a master waits.
func TestBackoff(t *testing.T) {
	for failures, want := range []time.Duration{time.Minute, 5 * time.Minute, 25 * time.Minute, 125 * time.Minute, 6 * time.Hour, 6 * time.Hour} {
		got := backoff(failures, false)
		assert.True(t, got >= want && got <= want+want/5, "%d: %v", failures, got)
	}
	assert.LessOrEqual(t, backoff(1000, true), 72*time.Minute)
	var n note
	n.failed(time.Now(), "x", true, 1000*time.Hour)
	assert.True(t, n.Limited)
	assert.LessOrEqual(t, time.Until(n.Next), maxAfter)
}

// TestDue checks when a certificate is renewed.
func TestDue(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	at := func(n note, days int) time.Duration {
		return n.due("1", from, from.Add(time.Duration(days)*day)).Sub(from)
	}
	assert.Equal(t, 60*day, at(note{}, 90))
	assert.Equal(t, 3*day, at(note{}, 6))
	assert.Equal(t, 40*day, at(note{Serial: "1", Renew: from.Add(40 * day)}, 90))
	assert.Equal(t, 81*day, at(note{Serial: "1", Renew: from.Add(200 * day)}, 90), "too late")
	assert.Equal(t, 60*day, at(note{Serial: "2", Renew: from}, 90), "of another certificate")
	assert.Equal(t, 5*day+time.Hour, at(note{Serial: "1", Renew: from, Issued: from.Add(5 * day)}, 90), "not again and again")
	n := note{}
	n.suggested("1", from, from.Add(day), from.Add(time.Hour))
	n.suggested("1", from, from.Add(day), from.Add(2*time.Hour))
	assert.Equal(t, from.Add(time.Hour), n.Renew)
	text, err := json.Marshal(n)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "0001-")
}

// TestFullDisk requests nothing that cannot be stored, and goes on once there is room.
func TestFullDisk(t *testing.T) {
	was := room
	defer func() { room = was }()
	room = 64 << 20 // the limit is for all files of this process, such as those of go test
	i := newIssuer(t, acmetest.Options{})
	m := newMaster(t)
	defer m.stop()
	m.answers(i)
	var before unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &before))
	lift := sync.OnceFunc(func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &before)) })
	defer lift()
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: uint64(room) / 2, Max: before.Max}))
	m.keep(t, specOf(i, t.TempDir(), "shop.test"))
	soon(t, func() bool { return m.status("shop.test").Error != "" }, "failed")
	assert.Contains(t, m.status("shop.test").Error, "certificates cannot be stored")
	assert.Zero(t, i.Requests("/dir"), "the issuer was not asked")
	lift()
	m.issued(t, i, "shop.test")
}

// TestUnsaved uses a certificate that could not be stored, and stores it later.
func TestUnsaved(t *testing.T) {
	i := newIssuer(t, acmetest.Options{})
	m := newMaster(t)
	m.answers(i)
	spec := specOf(i, t.TempDir(), "shop.test")
	s := storageOf(spec.Storage, i.URL)
	require.NoError(t, s.prepare())
	file := s.path(dirCertificates, "shop.test.pem")
	require.NoError(t, os.Mkdir(file, 0o700)) // it cannot be replaced by a file
	m.keep(t, spec)
	m.issued(t, i, "shop.test")
	assert.Contains(t, m.log.String(), "certificate in use, but not stored")
	require.NoError(t, os.Remove(file))
	m.keep(t, spec)
	soon(t, func() bool { _, err := os.Stat(file); return err == nil }, "stored")
	assert.Equal(t, 1, i.Requests("/order-plz"))
}

// TestKilled takes over what a master has left that was killed while it requested a
// certificate.
func TestKilled(t *testing.T) {
	i := newIssuer(t, acmetest.Options{})
	spec := specOf(i, t.TempDir(), "shop.test")
	s := storageOf(spec.Storage, i.URL)
	require.NoError(t, s.prepare())
	old := time.Now().Add(-2 * stale)
	for _, file := range []string{s.path(dirChallenges, "abcdefghijklmnopqrstu.json"), s.path(dirCertificates, ".ldcorn-X.tmp")} {
		require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
		require.NoError(t, os.Chtimes(file, old, old))
	}
	require.NoError(t, os.WriteFile(s.path(dirLocks, "shop.test.lock"), nil, 0o600))
	m := newMaster(t)
	m.answers(i)
	m.keep(t, spec)
	m.issued(t, i, "shop.test")
	m.stop()
	checkModes(t, spec.Storage)
	assert.NoFileExists(t, s.path(dirCertificates, ".ldcorn-X.tmp"))
}
