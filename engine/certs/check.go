package certs

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// Check returns what is wrong with one tls(...), now or soon. If it cannot be used,
// that is the only element, for which Error.IsBroken says whether its files are there.
func Check(t plan.TLS, now time.Time) (wrong []*Error) {
	pair, err := LoadPair(t)
	if err == nil && t.ClientAuth != plan.ClientAuthNone {
		_, err = LoadCA(t)
	}
	if err != nil {
		return []*Error{unusable(err)}
	}
	leaf := pair.Leaf()
	add := func(argument, hint, format string, args ...any) {
		wrong = append(wrong, &Error{Argument: argument, Err: fmt.Errorf(format, args...), Hint: hint})
	}
	if f := dated(leaf, t, now); f != nil {
		wrong = append(wrong, f.err)
	}
	if len(pair.names) == 0 {
		add("cert", "request one with a subjectAltName", "the certificate %s has no name that clients look at", describe(leaf, t))
	}
	if !forServers(leaf) {
		add("cert", "request one for servers", "the certificate %s is not for servers", describe(leaf, t))
	}
	if key, ok := leaf.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < 2048 {
		add("key", "make one with 2048 bits, or an ECDSA key", "the key of the certificate %s has only %d bits", describe(leaf, t), key.N.BitLen())
	}
	for i, c := range pair.chain[1:] {
		if err := pair.chain[i].CheckSignatureFrom(c); err != nil {
			add("cert", "put each certificate behind the one that it has signed", "the chain of the certificate %s is wrong: certificate %d of the chain has not signed certificate %d", describe(leaf, t), i+2, i+1)
			break
		}
	}
	if err := checkMode(t.Key); err != nil {
		wrong = append(wrong, err)
	}
	return append(wrong, CheckCA(t, now)...)
}

// unusable returns an error of LoadPair or LoadCA as one that a Keeper reports.
func unusable(err error) *Error {
	e := *asError(err)
	e.kept = true
	return &e
}

func asError(err error) *Error {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e
	}
	return &Error{Argument: "cert", Err: err}
}

func forServers(c *x509.Certificate) bool {
	return len(c.ExtKeyUsage) == 0 || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// checkMode finds a key that everybody on the machine can read.
func checkMode(key plan.Text) *Error {
	if plan.IsPEM(key) {
		return nil
	}
	info, err := os.Stat(key.Reveal())
	if err != nil || info.Mode().Perm()&0o007 == 0 {
		return nil
	}
	return &Error{Argument: "key", Err: fmt.Errorf("every user of this machine can use %s (mode %04o)", key.Reveal(), info.Mode().Perm()), Hint: "chmod o= " + key.Reveal()}
}

// Uncovered returns the hosts that no certificate of a listener has among its
// names. A host can begin with "*.". Pairs that cannot be read count as covering
// all.
func Uncovered(all []plan.TLS, hosts []string) (out []string) {
	var names []string
	for _, t := range all {
		if t.ACME.Name != "" {
			names = append(names, t.ACME.Name)
			continue
		}
		pair, err := LoadPair(t)
		if err != nil {
			return nil
		}
		names = append(names, pair.names...)
	}
	for _, h := range hosts {
		if !slices.ContainsFunc(names, func(name string) bool { return covers(name, h) }) {
			out = append(out, h)
		}
	}
	return out
}

// Unreached returns the addresses that the i-th certificate of a listener has among its
// names although no client gets it for them: a client that connects to an address asks
// for no name, and gets the first certificate. A first one that cannot be read counts as
// having all of them.
func Unreached(all []plan.TLS, i int) (addresses []string) {
	if i == 0 || all[i].ACME.Name != "" {
		return nil
	}
	pair, err := LoadPair(all[i])
	if err != nil {
		return nil
	}
	var first []string
	if all[0].ACME.Name == "" {
		p, err := LoadPair(all[0])
		if err != nil {
			return nil
		}
		first = p.names
	}
	for _, ip := range pair.Leaf().IPAddresses {
		if !slices.Contains(first, ip.String()) {
			addresses = append(addresses, ip.String())
		}
	}
	return addresses
}

// covers reports whether a name of a certificate is that of a host (RFC 6125,
// section 6.4.3): a "*" stands for one label.
func covers(name, host string) bool {
	if name == host {
		return true
	}
	tail, ok := strings.CutPrefix(name, "*")
	i := strings.IndexByte(host, '.')
	return ok && i > 0 && host[i:] == tail && host[:i] != "*"
}
