//go:build linux

package script

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cert writes a certificate that has signed itself, for servers and clients, and its
// key into one file. A name can be an address:
//
//	cert [-days=N] FILE NAME...
func cmdCert(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "cert")
	days, args := flag(args, "days")
	if len(args) < 2 {
		ts.Fatalf("usage: cert [-days=N] FILE NAME...")
	}
	writeCert(ts, args[0], days, args[1:])
}

func writeCert(ts *testscript.TestScript, file, days string, names []string) {
	valid, err := time.ParseDuration("2160h")
	if days != "" {
		valid, err = time.ParseDuration(days + "h")
		valid *= 24
	}
	ts.Check(err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	ts.Check(err)
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: names[0]}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(valid), IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	ts.Check(err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})...)
	replace(ts, file, text)
}
