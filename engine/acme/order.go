package acme

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"

	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// request requests a certificate by a challenge, and returns the key and the chain in
// PEM. after is how long the issuer wants to be left alone.
func (n *name) request(ctx context.Context, kind plan.Challenge, replaces *x509.Certificate) (text []byte, after time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	c, err := newClient(n.spec, n.m.opts.UserAgent)
	if err != nil {
		return nil, 0, err
	}
	defer c.close()
	c.ChallengeSolvers = map[string]acmez.Solver{string(kind): &solver{n.m.board, n.store}}
	text, err = n.order(ctx, c, replaces)
	var p acme.Problem
	if errors.As(err, &p) && p.Type == acme.ProblemTypeAccountDoesNotExist {
		if err = n.forgetAccount(ctx); err == nil {
			text, err = n.order(ctx, c, replaces)
		}
	}
	if f := (*failure)(nil); err != nil && !errors.As(err, &f) && !mayNotWrite(err) {
		err = judge(err, n.spec, n.store.path(dirAccounts, accountFile(n.spec)))
	}
	return text, c.limit.after, err
}

func (n *name) order(ctx context.Context, c *client, replaces *x509.Certificate) ([]byte, error) {
	directory, err := c.GetDirectory(ctx)
	if err != nil {
		return nil, err
	}
	account, err := n.account(ctx, c)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	csr, err := acmez.NewCSR(key, []string{n.spec.Name})
	if err != nil {
		return nil, err
	}
	params, err := acmez.OrderParametersFromCSR(account, csr)
	if err != nil {
		return nil, err
	}
	params.Profile = n.spec.Profile
	if directory.RenewalInfo != "" {
		params.Replaces = replaces
	}
	chains, err := c.ObtainCertificate(ctx, params)
	if err != nil {
		return nil, err
	}
	if len(chains) == 0 {
		return nil, errors.New("the issuer has sent no certificate")
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return append(text, bytes.TrimSpace(chains[0].ChainPEM)...), nil
}

// pairOf reads a key and a chain, and checks that they are for the name.
func (n *name) pairOf(text []byte) (*certs.Pair, error) {
	pem := plan.Secret(string(text))
	if !plan.IsPEM(pem) {
		return nil, errors.New("there is no certificate in it")
	}
	pair, err := certs.LoadPair(plan.TLS{Cert: pem, Key: pem})
	if err != nil {
		return nil, err
	}
	if err := pair.Leaf().VerifyHostname(n.spec.Name); err != nil {
		return nil, fmt.Errorf("the certificate is not for %s", n.spec.Name)
	}
	return pair, nil
}

// checkTime checks that a new certificate is good now. If the clock is wrong, each new
// one would be due at once.
func checkTime(leaf *x509.Certificate, now time.Time) error {
	if now.Before(leaf.NotBefore.Add(-time.Hour)) || now.After(leaf.NotAfter) {
		return &failure{
			err: fmt.Errorf("the new certificate is good from %s to %s, and the clock of this machine says %s", leaf.NotBefore.UTC().Format(time.RFC3339),
				leaf.NotAfter.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339)),
			hint: "set the clock",
		}
	}
	return nil
}

// suggestion asks the issuer when to renew a certificate (RFC 9773).
func (n *name) suggestion(ctx context.Context, leaf *x509.Certificate) (acme.RenewalInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*answerTime)
	defer cancel()
	c, err := newClient(n.spec, n.m.opts.UserAgent)
	if err != nil {
		return acme.RenewalInfo{}, err
	}
	defer c.close()
	return c.GetRenewalInfo(ctx, leaf)
}
