package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"

	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/visible"
)

var errToken = errors.New("the issuer's challenge is not one of RFC 8555")

// attemptTime limits one attempt to get a certificate, answerTime one answer of an
// issuer, and maxAnswer its size.
const (
	attemptTime = 10 * time.Minute
	answerTime  = 30 * time.Second
	maxAnswer   = 1 << 20
)

// A client speaks with an issuer in one attempt.
type client struct {
	acmez.Client
	transport *http.Transport
	limit     *limit
}

// newClient returns a client, which the caller must close.
func newClient(a plan.ACME, agent string) (*client, error) {
	roots, err := rootsOf(a)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		TLSClientConfig:       &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   answerTime,
		ResponseHeaderTimeout: answerTime,
		MaxIdleConnsPerHost:   1,
		ForceAttemptHTTP2:     true,
	}
	c := &client{transport: t, limit: &limit{next: t}}
	c.Client = acmez.Client{Client: &acme.Client{
		Directory:   a.Directory,
		HTTPClient:  &http.Client{Transport: c.limit, Timeout: answerTime},
		UserAgent:   agent,
		PollTimeout: 2 * time.Minute,
	}}
	return c, nil
}

func (c *client) close() { c.transport.CloseIdleConnections() }

// rootsOf returns the authorities for the certificate of an issuer; nil means those of
// the machine.
func rootsOf(a plan.ACME) (*x509.CertPool, error) {
	if a.DirectoryCA.Reveal() == "" {
		return nil, nil
	}
	return certs.LoadRoots("directory_ca", a.DirectoryCA)
}

// A limit bounds the answers of an issuer, and remembers how long it wants to be left
// alone.
type limit struct {
	next  http.RoundTripper
	after time.Duration // only the goroutine of the attempt uses it
}

// RoundTrip implements http.RoundTripper.
func (l *limit) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	l.after = 0
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
		l.after = retryAfter(resp.Header.Get("Retry-After"))
	}
	resp.Body = &bounded{body: resp.Body, left: maxAnswer}
	return resp, nil
}

func retryAfter(text string) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), int(maxAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

// A bounded is a body that fails when it is too long.
type bounded struct {
	body io.ReadCloser
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, fmt.Errorf("the issuer's answer is longer than %d bytes", maxAnswer)
	}
	return n, err
}

func (b *bounded) Close() error { return b.body.Close() }

// A failure is why there is no new certificate.
type failure struct {
	err  error
	hint string
	mild bool // it costs the issuer nothing
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// maxText limits how much of the text of an issuer is shown.
const maxText = 400

// explain makes the text of an error one line, with what to do about it. What an
// issuer says is foreign text.
func explain(err error) (text, hint string) {
	text = visible.Cut(visible.String(strings.TrimRight(visible.FirstLine(err.Error()), ": ")), maxText)
	if f := (*failure)(nil); errors.As(err, &f) {
		return text, f.hint
	}
	if e := (*certs.Error)(nil); errors.As(err, &e) {
		return text, e.Hint
	}
	return text, ""
}

// judge says what to do about an error of an issuer.
func judge(err error, a plan.ACME, account string) *failure {
	f := &failure{err: err}
	var p acme.Problem
	if !errors.As(err, &p) {
		f.mild = true // the issuer has not worked on anything, or has failed itself
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			f.hint = "look whether this machine reaches " + a.Directory
		case errors.As(err, new(*tls.CertificateVerificationError)):
			f.hint = "name the authority of the issuer in directory_ca="
		case errors.As(err, new(*net.OpError)), errors.As(err, new(*net.DNSError)):
			f.hint = "look whether this machine reaches " + a.Directory
		case strings.HasPrefix(err.Error(), "provisioning client: "):
			f.err = fmt.Errorf("%s: %w", a.Directory, err)
			f.hint = "look whether directory_url= is the address of the issuer's directory"
		}
		return f
	}
	_, ofName := p.Resource.(acme.Authorization)
	switch {
	case p.Status >= 500:
		f.mild = true
	case p.Type == acme.ProblemTypeRateLimited:
		f.hint = "wait: the issuer limits how often it is asked"
	case p.Type == acme.ProblemTypeExternalAccountRequired:
		f.hint = "add eab=[ID, KEY] with what the issuer gave you"
	case p.Type == acme.ProblemTypeUserActionRequired:
		f.hint = "the issuer has new terms, which somebody has to read: " + visible.String(p.Instance)
	case p.Type == acme.ProblemTypeUnauthorized && !ofName:
		f.hint = "if the account was closed, remove " + account + " to open another one"
	case ofName || p.Type == acme.ProblemTypeConnection || p.Type == acme.ProblemTypeDNS || p.Type == acme.ProblemTypeTLS:
		f.hint = "let " + a.Name + " lead to this machine, with port 80 for http-01 and port 443 for tls-alpn-01"
	}
	return f
}
