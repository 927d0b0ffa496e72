package certs

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// An issuer signs certificates.
type issuer struct {
	t    testing.TB
	cert *x509.Certificate
	key  crypto.Signer
}

var serial int64

// newIssuer returns an authority.
func newIssuer(t testing.TB, name string) *issuer {
	i := &issuer{t: t, key: ecKey(t)}
	i.cert = i.sign(&x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, i.key)
	return i
}

func ecKey(t testing.TB) crypto.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func (i *issuer) sign(template *x509.Certificate, key crypto.Signer) *x509.Certificate {
	serial++
	template.SerialNumber = big.NewInt(serial)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(90 * 24 * time.Hour)
	}
	if template.NotBefore.IsZero() {
		template.NotBefore = time.Now().Add(-time.Hour)
	}
	parent, signer := i.cert, i.key
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	require.NoError(i.t, err)
	c, err := x509.ParseCertificate(der)
	require.NoError(i.t, err)
	return c
}

// leaf returns a certificate for servers and clients with the names, and its key, as PEM.
func (i *issuer) leaf(names ...string) (cert, key string) {
	return i.issue(ecKey(i.t), &x509.Certificate{DNSNames: names})
}

func (i *issuer) issue(k crypto.Signer, template *x509.Certificate) (cert, key string) {
	if template.Subject.CommonName == "" {
		template.Subject.CommonName = "somebody"
	}
	if template.ExtKeyUsage == nil {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	return certPEM(i.sign(template, k)), keyPEM(i.t, k)
}

func certPEM(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

func keyPEM(t testing.TB, k crypto.Signer) string {
	der, err := x509.MarshalPKCS8PrivateKey(k)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func rsaKey(t testing.TB, bits int) crypto.Signer {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	require.NoError(t, err)
	return key
}

// inline returns a tls(...) with PEM.
func inline(cert, key string) plan.TLS {
	return plan.TLS{Cert: plan.Plain(cert), Key: plan.Secret(key), MinVersion: plan.TLS12}
}

// files writes a pair into a folder and returns a tls(...) that names the files.
func files(t testing.TB, dir, cert, key string) plan.TLS {
	write(t, filepath.Join(dir, "cert.pem"), cert)
	write(t, filepath.Join(dir, "key.pem"), key)
	return plan.TLS{Cert: plan.Plain(filepath.Join(dir, "cert.pem")), Key: plan.Plain(filepath.Join(dir, "key.pem")), MinVersion: plan.TLS12}
}

func write(t testing.TB, path, text string) {
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// A log collects what a keeper logs and emits.
type log struct {
	mu     sync.Mutex // guards the fields below
	text   bytes.Buffer
	events []api.Event
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) Emit(e api.Event, _ ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// kinds returns the kinds of the events.
func (l *log) kinds() (out []api.EventKind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.events {
		out = append(out, e.Kind)
	}
	return out
}

// newKeeper returns a keeper that runs until the test ends.
func newKeeper(t testing.TB) (*Keeper, *log) {
	l := &log{}
	k := NewKeeper(Options{Log: slog.New(slog.NewTextHandler(l, nil)), Events: l, Protocols: []string{"http/1.1"}})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- k.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return k, l
}

// use makes the pairs those of a listener.
func (k *Keeper) use(t testing.TB, listener string, all ...plan.TLS) {
	t.Helper()
	wanted := map[string][]plan.TLS{listener: all, "plain of another": nil}
	for name, tls := range k.wanted {
		if name != listener {
			wanted[name] = tls
		}
	}
	next, err := k.Prepare(wanted)
	require.NoError(t, err)
	next.Take()
}

// shake does a handshake, and returns the state of the client, after it has read a
// byte and with it the tickets.
func shake(s *Store, c *tls.Config) (tls.ConnectionState, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer ln.Close()
	errs := make(chan error, 1)
	go func() {
		a, err := ln.Accept()
		if err == nil {
			server := tls.Server(a, s.Config())
			_, err = server.Write([]byte("x"))
			server.Close()
		}
		errs <- err
	}()
	b, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer b.Close()
	client := tls.Client(b, c)
	if n, e := client.Read(make([]byte, 1)); n == 0 {
		err = e
	}
	state := client.ConnectionState()
	b.Close()
	if err2 := <-errs; err2 != nil {
		return state, err2
	}
	return state, err
}

// trusting returns the configuration of a client.
func (i *issuer) trusting(name string) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(i.cert)
	return &tls.Config{RootCAs: roots, ServerName: name, ClientSessionCache: tls.NewLRUClientSessionCache(10)}
}
