package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A renewer is an issuer whose certificates for one name change without a reload and
// without a file.
type renewer struct{ now atomic.Pointer[Pair] }

func (r *renewer) Source(plan.ACME) (Source, error)     { return r, nil }
func (r *renewer) Manage([]plan.ACME, []plan.Challenge) {}
func (r *renewer) Challenge(string) *tls.Certificate    { return nil }
func (r *renewer) Names() []string                      { return []string{"a.example"} }
func (r *renewer) Protocols() []string                  { return nil }
func (r *renewer) Leaf() *x509.Certificate              { return r.now.Load().Leaf() }
func (r *renewer) use(t testing.TB, i *issuer, left time.Duration) {
	p, err := LoadPair(inline(i.issue(ecKey(t), &x509.Certificate{DNSNames: r.Names(), NotAfter: time.Now().Add(left)})))
	require.NoError(t, err)
	r.now.Store(p)
}

func (r *renewer) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return r.now.Load().Certificate(hello)
}

// TestLook checks that a keeper notices by itself that a certificate has expired, and
// that an issuer has renewed it: once each, however often it looks.
func TestLook(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	r, l := new(renewer), new(log)
	k := NewKeeper(Options{Log: slog.New(slog.NewTextHandler(l, nil)), Events: l, Issuer: r, Protocols: []string{"http/1.1"}})
	k.every = time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	r.use(t, ca, 90*24*time.Hour)
	k.use(t, ":1", plan.TLS{ACME: plan.ACME{Name: "a.example"}, MinVersion: plan.TLS12})
	go func() { done <- k.Run(ctx) }()
	defer func() {
		cancel()
		require.NoError(t, <-done)
	}()
	assert.Empty(t, l.kinds())

	for round := 1; round <= 2; round++ {
		r.use(t, ca, -time.Minute)
		eventually(t, func() bool { return len(l.kinds()) == 2*round-1 })
		assert.Equal(t, []api.CertificateProblem{api.CertificateExpired}, k.Status()[0].Problems)
		r.use(t, ca, 90*24*time.Hour)
		eventually(t, func() bool { return len(l.kinds()) == 2*round })
		assert.Empty(t, k.Status()[0].Problems)
	}
	assert.Equal(t, []api.EventKind{api.EventCertWarning, api.EventCertRecovered, api.EventCertWarning, api.EventCertRecovered}, l.kinds())
	assert.Contains(t, l.String(), "the certificate for a.example is valid, and lasts")
}

// TestRemarks checks what a reload says about the certificates that it has put into
// effect.
func TestRemarks(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	k, _ := newKeeper(t)
	dir := t.TempDir()
	cert, key := ca.issue(ecKey(t), &x509.Certificate{DNSNames: []string{"a.example"}, NotAfter: time.Now().Add(-time.Hour)})
	set := files(t, dir, cert, key)
	next, err := k.Prepare(map[string][]plan.TLS{":1": {set}, ":2": {set}})
	require.NoError(t, err)
	next.Take()
	require.Len(t, next.Remarks(), 1)
	assert.Contains(t, next.Remarks()[0], "the certificate for a.example in "+set.Cert.Reveal()+" has expired on")
	assert.Contains(t, next.Remarks()[0], "put the new one into")
}
