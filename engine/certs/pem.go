package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/regular"
)

// maxFile limits the size of a file of certificates.
const maxFile = 4 << 20

// An Error is what is wrong with a certificate, its key or a file of theirs, and
// what to do. It never shows a key.
type Error struct {
	Argument string // of tls: "cert", "key" or "client_ca"
	Err      error
	Hint     string // may be ""
}

// IsBroken reports whether a file is there and its content cannot be used, here or on
// any other machine.
func (e *Error) IsBroken() bool { return errors.As(e.Err, new(*brokenError)) }

// A brokenError is what is wrong with the content of an argument.
type brokenError struct {
	path string // "" if the argument itself holds PEM
	err  error
}

func (e *brokenError) Unwrap() error { return e.err }

func (e *brokenError) Error() string {
	if e.path == "" {
		return e.err.Error()
	}
	return e.path + ": " + e.err.Error()
}

// broken returns an error in the content of an argument.
func broken(t plan.Text, err error) error { return &brokenError{pathOf(t), err} }

// pathOf returns the path of the file of an argument, or "" if it holds PEM.
func pathOf(t plan.Text) string {
	if plan.IsPEM(t) {
		return ""
	}
	return t.Reveal()
}

func (e *Error) Error() string { return e.Argument + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// read returns the PEM that an argument of tls names.
func read(argument string, t plan.Text) ([]byte, error) {
	if plan.IsPEM(t) {
		return []byte(t.Reveal()), nil
	}
	data, err := regular.ReadFile(t.Reveal(), maxFile)
	if err == nil {
		return data, nil
	}
	hint := ""
	switch {
	case errors.Is(err, fs.ErrPermission):
		hint = "let the user of ldcorn read the file, for example through a group"
	case errors.Is(err, fs.ErrNotExist):
		hint = "correct the path; a relative one starts at the folder of the configuration"
	}
	return nil, &Error{argument, err, hint}
}

// parseCertificates returns all certificates in the PEM of an argument, in their order.
func parseCertificates(argument string, t plan.Text, data []byte) (out []*x509.Certificate, err error) {
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, &Error{argument, broken(t, fmt.Errorf("certificate %d: %w", len(out)+1, err)), ""}
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, &Error{argument, broken(t, errors.New("there is no certificate in it")), "the file must have a block that begins with -----BEGIN CERTIFICATE-----"}
	}
	return out, nil
}

// parseKey returns the first private key in the PEM of an argument.
func parseKey(t plan.Text, data []byte) (crypto.Signer, error) {
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		switch {
		case !strings.HasSuffix(block.Type, "PRIVATE KEY"):
			continue
		case block.Type == "ENCRYPTED PRIVATE KEY", block.Headers["DEK-Info"] != "":
			return nil, &Error{"key", broken(t, errors.New("the key is encrypted")), "decrypt it: openssl pkey -in KEY -out PLAIN"}
		}
		key, err := parseDER(block.Bytes)
		if err != nil {
			return nil, &Error{"key", broken(t, err), "convert it: openssl pkey -in KEY -out PLAIN"}
		}
		return key, nil
	}
	return nil, &Error{"key", broken(t, errors.New("there is no private key in it")), "the file must have a block that begins with -----BEGIN PRIVATE KEY-----"}
}

var errKey = errors.New("the key is not one of RSA, ECDSA or Ed25519 in a usual format")

// parseDER parses a key in one of the formats that are in use. The errors of the
// parsers are left out, since they could show parts of the key.
func parseDER(der []byte) (crypto.Signer, error) {
	var key any
	if k, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		key = k
	} else if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		key = k
	} else if k, err := x509.ParseECPrivateKey(der); err == nil {
		key = k
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return k, nil
	case *ecdsa.PrivateKey:
		return k, nil
	case ed25519.PrivateKey:
		return k, nil
	}
	return nil, errKey
}
