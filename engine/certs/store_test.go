package certs

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

// TestChoice checks which certificate a client gets by the name that it asks for.
func TestChoice(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	k, _ := newKeeper(t)
	var all []plan.TLS
	for _, names := range [][]string{{"first.example"}, {"a.example", "*.a.example"}, {"x.a.example"}} {
		all = append(all, inline(ca.leaf(names...)))
	}
	all = append(all, inline(ca.issue(rsaKey(t, 2048), &x509.Certificate{DNSNames: []string{"a.example"}})))
	k.use(t, ":1", all...)
	for name, want := range map[string]string{
		"first.example": "first.example", "a.example": "a.example", "A.EXAMPLE": "a.example", "y.a.example": "a.example",
		"x.a.example": "x.a.example", "z.y.a.example": "first.example", "other.example": "first.example", "": "first.example",
	} {
		state, err := shake(k.Store(":1"), &tls.Config{ServerName: name, InsecureSkipVerify: true})
		require.NoError(t, err)
		assert.Equal(t, want, state.PeerCertificates[0].DNSNames[0], name)
		assert.Equal(t, "http/1.1", must(shake(k.Store(":1"), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})).NegotiatedProtocol)
	}
	old := &tls.Config{ServerName: "a.example", InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}
	assert.Equal(t, x509.RSA, must(shake(k.Store(":1"), old)).PeerCertificates[0].PublicKeyAlgorithm, "for a client that knows no other")
}

func must(s tls.ConnectionState, err error) tls.ConnectionState {
	if err != nil {
		panic(err)
	}
	return s
}

// TestVersions checks which versions and suites are spoken.
func TestVersions(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	k, _ := newKeeper(t)
	set := inline(ca.leaf("a.example"))
	k.use(t, ":1", set)
	try := func(version uint16, suites ...uint16) error {
		c := ca.trusting("a.example")
		c.MinVersion, c.MaxVersion, c.CipherSuites = version, version, suites
		_, err := shake(k.Store(":1"), c)
		return err
	}
	assert.NoError(t, try(tls.VersionTLS13))
	assert.NoError(t, try(tls.VersionTLS12))
	assert.Error(t, try(tls.VersionTLS11))
	assert.Error(t, try(tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA), "no CBC")
	assert.Error(t, try(tls.VersionTLS12, tls.TLS_RSA_WITH_AES_128_GCM_SHA256), "no RSA key exchange")
	set.MinVersion = plan.TLS13
	k.use(t, ":1", set)
	assert.NoError(t, try(tls.VersionTLS13))
	assert.Error(t, try(tls.VersionTLS12))
	k.use(t, ":1")
	assert.False(t, k.Store(":1").Active())
	assert.Error(t, try(tls.VersionTLS13), "no longer TLS")
}

// TestResumption checks that sessions can be resumed, even with another
// certificate after a reload, but not with another name.
func TestResumption(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	k, _ := newKeeper(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		c := ca.trusting("a.example")
		c.MaxVersion = version
		resumed := func() bool {
			t.Helper()
			return must(shake(k.Store(":1"), c)).DidResume
		}
		k.use(t, ":1", inline(ca.leaf("a.example", "b.example")))
		assert.False(t, resumed())
		assert.True(t, resumed())
		k.use(t, ":1", inline(ca.leaf("a.example", "b.example")))
		assert.True(t, resumed(), "after a reload")
		for range secretsKept {
			k.tickets.since = time.Now().Add(-secretTime)
			assert.True(t, resumed(), "with the keys before")
		}
		for range secretsKept + 1 { // without a handshake in between that would give a new ticket
			k.tickets.since = time.Now().Add(-secretTime)
			k.tickets.turn(time.Now())
		}
		assert.False(t, resumed(), "with keys that are gone")
		assert.True(t, resumed())
		c.ServerName = "b.example"
		c.ClientSessionCache = oneSession{c.ClientSessionCache}
		assert.False(t, resumed(), "with another name")
	}
}

// oneSession is a cache that gives the session of a.example for every name.
type oneSession struct{ tls.ClientSessionCache }

func (o oneSession) Get(string) (*tls.ClientSessionState, bool) {
	return o.ClientSessionCache.Get("a.example")
}

// TestResumptionOfClients checks that a session in which a client has shown a
// certificate, or has not, is resumed only where the same is demanded
// (CVE-2025-23419, CVE-2025-68121).
func TestResumptionOfClients(t *testing.T) {
	ca, clients, others := newIssuer(t, "the issuer"), newIssuer(t, "clients"), newIssuer(t, "others")
	k, _ := newKeeper(t)
	plain := inline(ca.leaf("a.example"))
	demand := func(auth plan.ClientAuth, by ...*issuer) plan.TLS {
		set, pool := plain, ""
		for _, i := range by {
			pool += certPEM(i.cert)
		}
		set.ClientAuth, set.ClientCA = auth, plan.Plain(pool)
		return set
	}
	k.use(t, "plain", plain)
	k.use(t, "request", demand(plan.ClientAuthRequest, clients))
	k.use(t, "require", demand(plan.ClientAuthRequire, clients))
	k.use(t, "twice", demand(plan.ClientAuthRequire, clients))
	k.use(t, "others", demand(plan.ClientAuthRequire, others))
	k.use(t, "both", demand(plan.ClientAuthRequire, clients, others))
	client, err := LoadPair(inline(clients.leaf("me")))
	require.NoError(t, err)
	stores := []string{"plain", "request", "require", "twice", "others", "both"}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, first := range []string{"plain", "request", "require"} {
			for _, second := range stores {
				c := ca.trusting("a.example")
				c.MaxVersion = version
				c.Certificates = []tls.Certificate{*client.cert}
				must(shake(k.Store(first), c))
				state, err := shake(k.Store(second), c)
				if second == "others" {
					assert.Error(t, err)
					continue
				}
				require.NoError(t, err)
				assert.Equal(t, first == second, state.DidResume, "%s, then %s", first, second)
			}
		}
	}
}

// TestClientAuth checks which clients are let in.
func TestClientAuth(t *testing.T) {
	ca, clients, others := newIssuer(t, "the issuer"), newIssuer(t, "clients"), newIssuer(t, "others")
	k, _ := newKeeper(t)
	set := inline(ca.leaf("a.example"))
	set.ClientCA = plan.Plain(certPEM(clients.cert))
	load := func(cert, key string) []tls.Certificate {
		p, err := LoadPair(inline(cert, key))
		require.NoError(t, err)
		return []tls.Certificate{*p.cert}
	}
	good, bad := load(clients.leaf("me")), load(others.leaf("me"))
	late := load(clients.issue(ecKey(t), &x509.Certificate{NotAfter: time.Now().Add(-time.Minute)}))
	early := load(clients.issue(ecKey(t), &x509.Certificate{NotBefore: time.Now().Add(time.Hour)}))
	server := load(clients.issue(ecKey(t), &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}))
	reasons := []RefusalReason{RefusedMissing, "", RefusedUnknownAuthority, RefusedExpired, RefusedNotYetValid, RefusedOther}
	for auth, lets := range map[plan.ClientAuth][]bool{
		plan.ClientAuthRequire: {false, true, false, false, false, false},
		plan.ClientAuthRequest: {true, true, false, false, false, false},
	} {
		set.ClientAuth = auth
		k.use(t, ":1", set)
		for i, mine := range [][]tls.Certificate{nil, good, bad, late, early, server} {
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				c := ca.trusting("a.example")
				c.MaxVersion = version
				if mine != nil { // sent whatever the server asks for
					c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &mine[0], nil }
				}
				_, err := shake(k.Store(":1"), c)
				assert.Equal(t, lets[i], err == nil, "%s, client %d: %v", auth, i, err)
				if why := RefusalOf(err); !lets[i] && assert.NotNil(t, why, "client %d: %v", i, err) {
					assert.Equal(t, reasons[i], why.Reason, "client %d: %v", i, err)
				}
			}
		}
	}
}

// TestAllows checks that a request for a host with other demands is told apart.
func TestAllows(t *testing.T) {
	ca, clients := newIssuer(t, "the issuer"), newIssuer(t, "clients")
	k, _ := newKeeper(t)
	open, open2, shut := inline(ca.leaf("open.example")), inline(ca.leaf("*.open.example")), inline(ca.leaf("shut.example"))
	shut.ClientAuth, shut.ClientCA = plan.ClientAuthRequire, plan.Plain(certPEM(clients.cert))
	store := k.Store(":1")
	session := func(name string) *tlslayer.Session {
		now := store.now.Load()
		return &tlslayer.Session{Tag: choice{store, now, now.find(name)[0]}}
	}
	k.use(t, ":1", open, open2)
	before := session("open.example")
	assert.True(t, before.Allows([]byte("shut.example")))
	k.use(t, ":1", open, open2, shut)
	for _, s := range []*tlslayer.Session{before, session("open.example"), session("")} {
		assert.True(t, s.Allows([]byte("open.example")))
		assert.True(t, s.Allows([]byte("A.open.example")))
		assert.True(t, s.Allows([]byte("unknown.example")))
		assert.False(t, s.Allows([]byte("SHUT.example")))
	}
	assert.False(t, session("shut.example").Allows([]byte("open.example")))
	assert.True(t, session("shut.example").Allows([]byte("shut.example")))
	k.use(t, ":1", shut)
	assert.False(t, before.Allows([]byte("open.example")), "the demand is new, and the connection is not")
	assert.True(t, new(tlslayer.Session).Allows(nil))
}

// TestSharedName checks that a name whose certificates demand different things of clients
// has those that demand the most, in the handshake and for requests.
func TestSharedName(t *testing.T) {
	ca, clients, others := newIssuer(t, "the issuer"), newIssuer(t, "clients"), newIssuer(t, "others")
	with := func(set plan.TLS, auth plan.ClientAuth, by *issuer) plan.TLS {
		set.ClientAuth, set.ClientCA = auth, plan.Plain(certPEM(by.cert))
		return set
	}
	both := inline(ca.leaf("web.example", "adm.example"))
	adm := inline(ca.leaf("adm.example"))
	me, err := LoadPair(inline(clients.leaf("me")))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		all      []plan.TLS
		demands  bool // adm.example demands a certificate
		conflict Conflict
	}{
		"the second demands one": {[]plan.TLS{both, with(adm, plan.ClientAuthRequire, clients)}, true, Conflict{[]string{"adm.example"}, 1, 0}},
		"the first demands one":  {[]plan.TLS{with(adm, plan.ClientAuthRequire, clients), both}, true, Conflict{[]string{"adm.example"}, 0, 1}},
		"the same twice":         {[]plan.TLS{both, with(both, plan.ClientAuthRequire, clients)}, true, Conflict{[]string{"adm.example", "web.example"}, 1, 0}},
		"one asks":               {[]plan.TLS{both, with(adm, plan.ClientAuthRequest, clients)}, false, Conflict{[]string{"adm.example"}, 1, 0}},
		"different authorities":  {[]plan.TLS{with(adm, plan.ClientAuthRequire, clients), with(both, plan.ClientAuthRequire, others)}, true, Conflict{[]string{"adm.example"}, 0, 1}},
	} {
		assert.Equal(t, []Conflict{c.conflict}, Conflicts(c.all), name)
		k, l := newKeeper(t)
		k.use(t, ":1", c.all...)
		assert.NotContains(t, l.String(), "W", "whoever reads the configuration warns")
		store := k.Store(":1")
		client := ca.trusting("adm.example")
		client.MinVersion = tls.VersionTLS13
		_, err := shake(store, client)
		assert.Equal(t, c.demands, err != nil, "%s, without a certificate: %v", name, err)
		client.Certificates = []tls.Certificate{*me.cert}
		_, err = shake(store, client)
		require.NoError(t, err, name)
		now := store.now.Load()
		of := func(host string) *tlslayer.Session {
			return &tlslayer.Session{Tag: choice{store, now, now.choose(&tls.ClientHelloInfo{ServerName: host})}}
		}
		for _, host := range []string{"adm.example", "web.example", "unknown.example"} {
			assert.True(t, of(host).Allows([]byte(host)), "%s: a connection that was opened for %s", name, host)
		}
	}
	assert.Empty(t, Conflicts([]plan.TLS{both, adm}))
	assert.Empty(t, Conflicts([]plan.TLS{inline(ca.leaf("*.example")), with(adm, plan.ClientAuthRequire, clients)}), "the exact name counts")
}

// TestSharedNameByRenewal checks that the log warns if a certificate gets the name of one
// that demands something of clients.
func TestSharedNameByRenewal(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	k, l := newKeeper(t)
	dir := t.TempDir()
	cert, key := ca.leaf("web.example")
	web, adm := files(t, dir, cert, key), inline(ca.leaf("adm.example"))
	adm.ClientAuth, adm.ClientCA = plan.ClientAuthRequire, plan.Plain(certPEM(ca.cert))
	k.use(t, ":1", web, adm)
	cert, key = ca.leaf("web.example", "adm.example")
	files(t, dir, cert, key)
	eventually(t, func() bool { return strings.Contains(l.String(), "certificate is not used for a name") })
	assert.Contains(t, l.kinds(), api.EventCertWarning)
	_, err := shake(k.Store(":1"), ca.trusting("adm.example"))
	assert.Error(t, err, "the demand stays")
}
