// Package acmetest has an issuer for tests: Pebble, which speaks ACME, with a resolver
// for which every name leads to this machine. Nothing leaves the machine.
package acmetest

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
)

// Options configure an Issuer.
type Options struct {
	Validity    time.Duration     // of certificates; 0 = 90 days
	BadNonces   int               // how many percent of the good nonces the issuer rejects
	EAB         map[string]string // accounts to bind to: the keys of their IDs; nil = none is wanted
	KeepAccepts bool              // a name that was checked is not checked again
}

// An Issuer issues certificates to this machine.
type Issuer struct {
	URL string // of its directory
	CA  []byte // the PEM of the authority of its own certificate

	ca      *ca.CAImpl
	manage  http.Handler
	server  *httptest.Server
	dns     *dns.Server
	ports   [2]*relay // for http-01 and tls-alpn-01
	handler atomic.Pointer[http.Handler]

	mu    sync.Mutex
	fault func(w http.ResponseWriter, r *http.Request) bool
	count map[string]int
}

// environment is for Pebble, which reads it when it is made.
var environment sync.Mutex

// New starts an issuer, which the caller must close.
func New(opts Options) (*Issuer, error) {
	i := &Issuer{count: make(map[string]int)}
	resolver, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	i.dns = &dns.Server{Listener: resolver, Handler: dns.HandlerFunc(resolve)}
	go func() { _ = i.dns.ActivateAndServe() }()
	for n := range i.ports {
		if i.ports[n], err = newRelay(); err != nil {
			return nil, err
		}
	}
	i.serve(opts, resolver.Addr().String())
	i.server = httptest.NewTLSServer(http.HandlerFunc(i.answer))
	i.URL = i.server.URL + wfe.DirectoryPath
	i.CA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.server.Certificate().Raw})
	return i, nil
}

func (i *Issuer) serve(opts Options, resolver string) {
	environment.Lock()
	defer environment.Unlock()
	reuse := "0"
	if opts.KeepAccepts {
		reuse = "100"
	}
	for name, value := range map[string]string{"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": strconv.Itoa(opts.BadNonces), "PEBBLE_AUTHZREUSE": reuse} {
		os.Setenv(name, value)
		defer os.Unsetenv(name)
	}
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	for id, key := range opts.EAB {
		_ = store.AddExternalAccountKeyByID(id, key)
	}
	profiles := map[string]ca.Profile{"default": {Description: "the default", ValidityPeriod: uint64(opts.Validity / time.Second)}}
	i.ca = ca.New(quiet, store, "", "ecdsa", 0, 1, profiles)
	checks := va.New(quiet, i.ports[0].port(), i.ports[1].port(), true, resolver, store)
	front := wfe.New(quiet, store, checks, i.ca, nil, true, opts.EAB != nil, 0, 0)
	handler := front.Handler()
	i.handler.Store(&handler)
	i.manage = front.ManagementHandler()
}

// Reset makes the issuer forget its accounts and orders. Its authority is a new one.
func (i *Issuer) Reset(opts Options) { i.serve(opts, i.dns.Listener.Addr().String()) }

// resolve answers that every name leads to this machine.
func resolve(w dns.ResponseWriter, q *dns.Msg) {
	a := new(dns.Msg)
	a.SetReply(q)
	for _, question := range q.Question {
		if question.Qtype == dns.TypeA {
			a.Answer = append(a.Answer, &dns.A{Hdr: dns.RR_Header{Name: question.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.IPv4(127, 0, 0, 1)})
		}
	}
	_ = w.WriteMsg(a)
}

// answer answers a request, unless there is a fault.
func (i *Issuer) answer(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.count[r.URL.Path]++
	fault := i.fault
	i.mu.Unlock()
	if fault != nil && fault(w, r) {
		return
	}
	(*i.handler.Load()).ServeHTTP(w, r)
}

// Fail sets what is asked first about each request. It answers a request and returns
// true, or it leaves it alone. nil ends the fault.
func (i *Issuer) Fail(fault func(w http.ResponseWriter, r *http.Request) bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.fault = fault
}

// Requests returns how many requests there were for a path, such as "/order-plz".
func (i *Issuer) Requests(path string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.count[path]
}

// Answer makes an address that of http-01 and of tls-alpn-01 for all names. "" means
// that nobody answers there.
func (i *Issuer) Answer(http, tls string) {
	i.ports[0].to.Store(&http)
	i.ports[1].to.Store(&tls)
}

// Roots returns the authority of the certificates that are issued.
func (i *Issuer) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(i.ca.GetRootCert(0).PEM())
	return pool
}

// RootsPEM returns the authority of the certificates that are issued in PEM.
func (i *Issuer) RootsPEM() []byte { return i.ca.GetRootCert(0).PEM() }

// Suggest makes the issuer suggest another time to renew a certificate.
func (i *Issuer) Suggest(leaf *x509.Certificate, answer string) error {
	rec := httptest.NewRecorder()
	i.manage.ServeHTTP(rec, suggestion(leaf, answer))
	if rec.Code >= 300 {
		return errors.New(rec.Body.String())
	}
	return nil
}

// Close ends the issuer.
func (i *Issuer) Close() {
	i.server.Close()
	_ = i.dns.ShutdownContext(context.Background())
	for _, r := range i.ports {
		r.close()
	}
}
