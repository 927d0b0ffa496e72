//go:build linux

package script

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
	"github.com/ldcorn/ldcorn/engine/acme/acmetest"
)

// issuer starts an issuer of certificates that speaks ACME, and says how it behaves:
//
//	issuer start [-validity=20s] [-nonces=PERCENT]
//	issuer answers HTTP TLS
//	issuer up|down|limits
//
// "start" sets $ISSUER to the address of the directory, and writes issuer.pem. For the
// issuer, all names lead to the addresses of "answers": that of http-01, and that of
// tls-alpn-01, where "-" is nobody. With "down" it answers 502, and with "limits" it
// refuses new orders for a day.
func cmdIssuer(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "issuer")
	s := of(ts)
	switch {
	case len(args) >= 1 && args[0] == "start":
		validity, rest := flag(args[1:], "validity")
		nonces, _ := flag(rest, "nonces")
		var opts acmetest.Options
		var err error
		if validity != "" {
			opts.Validity, err = time.ParseDuration(validity)
			ts.Check(err)
		}
		if nonces != "" {
			opts.BadNonces, err = strconv.Atoi(nonces)
			ts.Check(err)
		}
		s.issuer, err = acmetest.New(opts)
		ts.Check(err)
		ts.Setenv("ISSUER", s.issuer.URL)
		ts.Check(os.WriteFile(ts.MkAbs("issuer.pem"), s.issuer.CA, 0o600))
	case s.issuer == nil:
		ts.Fatalf("there is no issuer")
	case len(args) == 3 && args[0] == "answers":
		for i := range args {
			if args[i] == "-" {
				args[i] = ""
			}
		}
		s.issuer.Answer(args[1], args[2])
	case len(args) == 1 && args[0] == "up":
		s.issuer.Fail(nil)
	case len(args) == 1 && args[0] == "down":
		s.issuer.Fail(func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusBadGateway)
			return true
		})
	case len(args) == 1 && args[0] == "limits":
		s.issuer.Fail(refuse)
	default:
		ts.Fatalf("usage: issuer start|answers|up|down|limits")
	}
}

// refuse refuses new orders.
func refuse(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path != "/order-plz" {
		return false
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Retry-After", "86400")
	w.WriteHeader(http.StatusTooManyRequests)
	fmt.Fprint(w, `{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates"}`)
	return true
}

// issued waits until the server at an address has a certificate of the issuer for a
// name, and prints its serial number. With -not, it waits for one with another serial number.
// "! issued" checks that there is none at present.
//
//	[!] issued [-not=SERIAL] ADDR NAME
func cmdIssued(ts *testscript.TestScript, neg bool, args []string) {
	not, args := flag(args, "not")
	if len(args) != 2 || of(ts).issuer == nil {
		ts.Fatalf("usage: issued [-not=SERIAL] ADDR NAME, after issuer start")
	}
	config := &tls.Config{ServerName: args[1], RootCAs: of(ts).issuer.Roots()}
	if neg {
		if leaf, err := leafOf(args[0], config); err == nil {
			ts.Fatalf("there is one: %v", leaf.SerialNumber)
		} else {
			fmt.Fprintln(ts.Stderr(), err)
		}
		return
	}
	var leaf *x509.Certificate
	var err error
	ok := harness.Until(func() bool {
		leaf, err = leafOf(args[0], config)
		return err == nil && leaf.SerialNumber.Text(16) != not
	})
	if !ok {
		ts.Fatalf("no new certificate for %s: %v", args[1], err)
	}
	fmt.Fprintln(ts.Stdout(), "serial", leaf.SerialNumber.Text(16))
}

func leafOf(addr string, config *tls.Config) (*x509.Certificate, error) {
	c, err := tls.Dial("tcp", addr, config)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0], nil
}
