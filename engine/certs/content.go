package certs

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A content is what an argument holds in place of what it should.
type content struct {
	but     string // continues "there is no certificate in it"; may be ""
	instead string // takes the place of that; "" = nothing does
	hint    string // what to do; "" = see below
	hasCert bool
	hasKey  bool
}

// lookAt finds out what an argument holds that does not hold what it should. It shows
// nothing of it.
func lookAt(t plan.Text, data []byte) content {
	if len(bytes.TrimSpace(data)) == 0 {
		return content{hint: "the file is empty"}
	}
	if bytes.Contains(data, []byte("-\x00-\x00-\x00-\x00")) {
		return content{instead: "it is in UTF-16", hint: "save it as UTF-8, without a byte order mark"}
	}
	var types []string
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		types = append(types, block.Type)
	}
	for _, kind := range types {
		switch {
		case kind == "CERTIFICATE":
			return content{but: ", but a certificate", hasCert: true}
		case strings.HasSuffix(kind, "PRIVATE KEY"):
			return content{but: ", but a private key", hasKey: true}
		case strings.HasSuffix(kind, "CERTIFICATE REQUEST"):
			return content{but: ", but a request for one", hint: "name the certificate that the authority has made of it"}
		case kind == "PKCS7":
			return content{but: ", but certificates as PKCS #7", hint: "convert it, and name the new file: " + command("openssl pkcs7 -print_certs", t, "chain.pem")}
		case kind == "TRUSTED CERTIFICATE":
			return content{but: ", but one with remarks of OpenSSL", hint: "convert it, and name the new file: " + command("openssl x509", t, "cert.pem")}
		case kind == "PUBLIC KEY":
			return content{but: ", but a public key"}
		}
	}
	if bytes.Contains(data, []byte("-----BEGIN ")) && len(types) == 0 && bytes.Contains(data, []byte("\n")) {
		return content{but: ": its PEM is damaged", hint: "copy it again whole, with its lines from -----BEGIN to -----END"}
	}
	return binary(t, data)
}

// binary looks at data without PEM.
func binary(t plan.Text, data []byte) content {
	if _, err := x509.ParseCertificate(data); err == nil {
		return content{instead: "the certificate is in DER, and not in PEM", hint: "convert it, and name the new file: " + command("openssl x509 -inform DER", t, "cert.pem")}
	}
	if _, err := parseDER(data); err == nil {
		return content{instead: "it has a private key in DER, and not in PEM", hint: "convert it, and name the new file: " + command("openssl pkey -inform DER", t, "plain.key")}
	}
	var outer asn1.RawValue
	if rest, err := asn1.Unmarshal(data, &outer); err != nil || len(rest) > 0 || outer.Tag != asn1.TagSequence {
		return content{}
	}
	var version int
	if _, err := asn1.Unmarshal(outer.Bytes, &version); err == nil && version == 3 {
		return content{instead: "it is PKCS #12, and not PEM", hint: "convert it, and name the new file, which has the certificate and the key: " + command("openssl pkcs12 -nodes", t, "both.pem")}
	}
	var kind asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(outer.Bytes, &kind); err == nil && kind.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}) {
		return content{instead: "it is PKCS #7, and not PEM", hint: "convert it, and name the new file: " + command("openssl pkcs7 -inform DER -print_certs", t, "chain.pem")}
	}
	return content{}
}

// command is a call of OpenSSL that converts the file of an argument to another one
// beside it.
func command(call string, t plan.Text, to string) string {
	in, out := "IN", "OUT"
	if path := pathOf(t); path != "" {
		in, out = path, filepath.Join(filepath.Dir(path), to)
	}
	return fmt.Sprintf("%s -in %s -out %s", call, in, out)
}

// lacks says that what is wanted is not there.
func (c content) lacks(what string) error {
	if c.instead != "" {
		return errors.New(c.instead)
	}
	return errors.New("there is no " + what + " in it" + c.but)
}

// insteadOfCertificate says what to do about an argument without a certificate.
func (c content) insteadOfCertificate(argument string, t plan.TLS) string {
	switch {
	case c.hint != "":
		return c.hint
	case c.hasKey && argument == "cert" && t.Key != t.Cert:
		return "write the certificate as `cert`, and its key as `key`"
	case c.hasKey && argument == "cert":
		return "write the certificate as `cert`, and this file as `key`"
	}
	return "the file must have a block that begins with -----BEGIN CERTIFICATE-----"
}

// insteadOfKey says what to do about a key that is missing.
func (c content) insteadOfKey(t plan.TLS) string {
	switch {
	case c.hint != "":
		return c.hint
	case t.Key == t.Cert:
		return "add key= with the file of the key"
	case c.hasCert:
		return "write the key of the certificate as `key`"
	}
	return "the file must have a block that begins with -----BEGIN PRIVATE KEY-----"
}
