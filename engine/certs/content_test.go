package certs

import (
	"bytes"
	"encoding/asn1"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func ips(texts ...string) (out []net.IP) {
	for _, s := range texts {
		out = append(out, net.ParseIP(s))
	}
	return out
}

// TestContent checks that a file with something else says what it is, and what to do.
func TestContent(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	cert, key := ca.leaf("a.example")
	der := func(s string) string {
		b, _ := pem.Decode([]byte(s))
		return string(b.Bytes)
	}
	block := func(kind string) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: []byte("x")}))
	}
	sequence := func(v ...any) string {
		var inner []byte
		for _, x := range v {
			b, err := asn1.Marshal(x)
			require.NoError(t, err)
			inner = append(inner, b...)
		}
		b, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: inner})
		require.NoError(t, err)
		return string(b)
	}
	wide := new(bytes.Buffer)
	for _, u := range utf16.Encode([]rune(cert)) {
		wide.Write([]byte{byte(u), byte(u >> 8)})
	}
	dir := t.TempDir()
	certPath, keyPath := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for what, tt := range map[string]struct{ cert, key, want, hint string }{
		"certificate in DER": {der(cert), key, "cert: " + certPath + ": the certificate is in DER, and not in PEM", "openssl x509 -inform DER -in " + certPath},
		"key in DER":         {cert, der(key), "key: " + keyPath + ": it has a private key in DER, and not in PEM", "openssl pkey -inform DER -in " + keyPath},
		"PKCS #12":           {sequence(3, "x"), key, "it is PKCS #12, and not PEM", "openssl pkcs12 -nodes -in"},
		"PKCS #7":            {sequence(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}, "x"), key, "it is PKCS #7, and not PEM", "openssl pkcs7 -inform DER"},
		"PKCS #7 in PEM":     {block("PKCS7"), key, "but certificates as PKCS #7", "openssl pkcs7 -print_certs"},
		"request":            {block("CERTIFICATE REQUEST"), key, "there is no certificate in it, but a request for one", "the authority has made of it"},
		"swapped":            {key, cert, "there is no certificate in it, but a private key", "write the certificate as `cert`, and its key as `key`"},
		"two certificates":   {cert, cert, "there is no private key in it, but a certificate", "write the key of the certificate as `key`"},
		"UTF-16":             {wide.String(), key, "it is in UTF-16", "save it as UTF-8"},
		"damaged":            {strings.Replace(cert, "-----END", "", 1), key, "its PEM is damaged", "copy it again"},
		"empty":              {" \n", key, "there is no certificate in it", "the file is empty"},
		"text":               {"hello", key, "there is no certificate in it", "-----BEGIN CERTIFICATE-----"},
		"other sequence":     {sequence("x"), key, "there is no certificate in it", "-----BEGIN CERTIFICATE-----"},
		"encrypted":          {cert, block("ENCRYPTED PRIVATE KEY"), "the key is encrypted", "openssl pkey -in " + keyPath},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := LoadPair(files(t, dir, tt.cert, tt.key))
			require.ErrorContains(t, err, tt.want)
			assert.Contains(t, asError(err).Hint, tt.hint)
			assert.True(t, asError(err).IsBroken())
			assert.NotContains(t, err.Error(), key)
		})
	}
	alone := plan.Plain(certPath)
	write(t, certPath, cert)
	_, err := LoadPair(plan.TLS{Cert: alone, Key: alone})
	require.ErrorContains(t, err, "there is no private key in it, but a certificate")
	assert.Equal(t, "add key= with the file of the key", asError(err).Hint)
}

// TestStrangeFiles checks that a folder and a file that is too large are errors on every
// machine.
func TestStrangeFiles(t *testing.T) {
	ca := newIssuer(t, "the issuer")
	cert, key := ca.leaf("a.example")
	dir := t.TempDir()
	set := files(t, dir, cert, key)
	set.Cert = plan.Plain(dir)
	_, err := LoadPair(set)
	require.ErrorContains(t, err, "is a folder")
	assert.True(t, asError(err).IsBroken())
	assert.Equal(t, "name the file in PEM", asError(err).Hint)
	write(t, filepath.Join(dir, "fullchain.pem"), cert)
	_, err = LoadPair(set)
	assert.Equal(t, "name the file in PEM, such as "+filepath.Join(dir, "fullchain.pem"), asError(err).Hint)

	set.Cert = plan.Plain(filepath.Join(dir, "large"))
	write(t, set.Cert.Reveal(), cert)
	require.NoError(t, os.Truncate(set.Cert.Reveal(), maxFile+1))
	_, err = LoadPair(set)
	require.ErrorContains(t, err, "is too large")
	assert.True(t, asError(err).IsBroken())
}
