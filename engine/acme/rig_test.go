package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/acme/acmetest"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/logtest"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// patience is how long a test waits for what must happen.
const patience = 90 * time.Second

func soon(t testing.TB, cond func() bool, what string, args ...any) {
	t.Helper()
	for end := time.Now().Add(patience); !cond(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			require.FailNowf(t, "too late", what, args...)
		}
	}
}

func newIssuer(t testing.TB, opts acmetest.Options) *acmetest.Issuer {
	t.Helper()
	t.TempDir() // folders are removed after masters have ended
	i, err := acmetest.New(opts)
	require.NoError(t, err)
	t.Cleanup(i.Close)
	return i
}

// specOf returns how to get the certificate of a name from an issuer.
func specOf(i *acmetest.Issuer, storage, name string) plan.ACME {
	return plan.ACME{Name: name, Directory: i.URL, DirectoryCA: plan.Secret(string(i.CA)), Storage: storage}
}

// events are those of a master.
type events struct {
	mu  sync.Mutex
	all []api.Event
}

func (e *events) Emit(ev api.Event, _ ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

func (e *events) kinds() (out []api.EventKind) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.all {
		out = append(out, x.Kind)
	}
	return out
}

// A master has a manager, a keeper, and a listener for each challenge.
type master struct {
	*Manager
	keeper    *certs.Keeper
	log       *logtest.Text
	events    *events
	http, tls string    // addresses
	began     time.Time // the clock of clients before there is a certificate
	stop      func()
}

func newMaster(t testing.TB) *master {
	t.Helper()
	m := &master{log: new(logtest.Text), events: new(events), began: time.Now()}
	log := slog.New(slog.NewTextHandler(m.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	m.Manager = New(Options{Log: log, Events: m.events, UserAgent: "ldcorn/test"})
	m.keeper = certs.NewKeeper(certs.Options{Log: log, Events: m.events, Issuer: m.Manager, Protocols: []string{"http/1.1"}})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	m.http = ln.Addr().String()
	web := &http.Server{Handler: http.HandlerFunc(m.answer)}
	secure, err := tls.Listen("tcp", "127.0.0.1:0", m.keeper.Store(":443").Config())
	require.NoError(t, err)
	m.tls = secure.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { _ = web.Serve(ln) })
	all.Go(func() { shake(secure) })
	all.Go(func() { _ = m.Manager.Run(ctx) })
	m.stop = sync.OnceFunc(func() {
		cancel()
		web.Close()
		secure.Close()
		all.Wait()
	})
	t.Cleanup(func() {
		m.stop()
		if t.Failed() {
			t.Log(m.log.String())
		}
		assert.NotContains(t, m.log.String(), "PRIVATE KEY")
	})
	return m
}

func (m *master) answer(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.URL.Path, "/.well-known/acme-challenge/")
	if answer := m.HTTPAnswer([]byte(token)); ok && answer != nil {
		_, _ = w.Write(answer)
		return
	}
	http.NotFound(w, r)
}

// shake does a handshake with each client, and closes.
func shake(ln net.Listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			_ = c.(*tls.Conn).Handshake()
		}()
	}
}

// keep makes names those of the listener.
func (m *master) keep(t testing.TB, specs ...plan.ACME) {
	t.Helper()
	var all []plan.TLS
	for _, a := range specs {
		all = append(all, plan.TLS{ACME: a, MinVersion: plan.TLS12})
	}
	next, err := m.keeper.Prepare(map[string][]plan.TLS{":443": all, ":80": nil})
	require.NoError(t, err)
	next.Take()
}

// answers makes the master the one that the issuer comes to.
func (m *master) answers(i *acmetest.Issuer) { i.Answer(m.http, m.tls) }

// leaf returns the certificate that a client of a name gets. The client does not mind
// that it has expired, as it does on a slow machine if it lives for seconds.
func (m *master) leaf(name string, roots *x509.CertPool) (*x509.Certificate, error) {
	c, err := tls.Dial("tcp", m.tls, &tls.Config{ServerName: name, RootCAs: roots, Time: m.verified(name)})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0], nil
}

// verified returns a clock that is always within the life of the certificate of a name.
func (m *master) verified(name string) func() time.Time {
	return func() time.Time {
		m.mu.Lock()
		defer m.mu.Unlock()
		for a, n := range m.names {
			if leaf := n.Leaf(); a.Name == name && leaf != nil {
				return leaf.NotBefore.Add(time.Second)
			}
		}
		return m.began
	}
}

// issued waits until clients of a name get a certificate.
func (m *master) issued(t testing.TB, i *acmetest.Issuer, name string) *x509.Certificate {
	t.Helper()
	var leaf *x509.Certificate
	err := errors.New("never tried")
	soon(t, func() bool {
		leaf, err = m.leaf(name, i.Roots())
		return err == nil
	}, "no certificate for %s", name)
	return leaf
}

// status returns what the status says about a name.
func (m *master) status(name string) *api.Certificate {
	for _, c := range m.keeper.Status() {
		if c.Names[0] == name {
			return &c
		}
	}
	return nil
}
