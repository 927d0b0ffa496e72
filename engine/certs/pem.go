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
	"os"
	"path/filepath"
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

	kept bool // see ByKeeper
}

// ByKeeper reports whether a Keeper that has the certificate says the same: when it
// takes effect, and whenever that begins.
func (e *Error) ByKeeper() bool { return e.kept }

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
	case errors.Is(err, regular.ErrNotRegular):
		err, hint = &brokenError{"", err}, "name the file in PEM"+inFolder(argument, t.Reveal())
	case errors.Is(err, regular.ErrTooLarge):
		err, hint = &brokenError{"", err}, "name the file in PEM: it has some KiB"
	}
	return nil, &Error{Argument: argument, Err: err, Hint: hint}
}

// inFolder suggests a file in a folder, by the names that issuers' tools use.
func inFolder(argument, folder string) string {
	usual := map[string][]string{"cert": {"fullchain.pem", "tls.crt"}, "key": {"privkey.pem", "tls.key"}, "client_ca": {"ca.pem", "ca.crt"}}
	for _, name := range usual[argument] {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return ", such as " + path
		}
	}
	return ""
}

// parseCertificates returns all certificates in the PEM of an argument of t, in their
// order.
func parseCertificates(argument string, t plan.TLS, from plan.Text, data []byte) (out []*x509.Certificate, err error) {
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
			return nil, &Error{Argument: argument, Err: broken(from, fmt.Errorf("certificate %d: %w", len(out)+1, err)), Hint: "copy the file again from whoever has issued it"}
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		found := lookAt(from, data)
		return nil, &Error{Argument: argument, Err: broken(from, found.lacks("certificate")), Hint: found.insteadOfCertificate(argument, t)}
	}
	return out, nil
}

// parseKey returns the first private key in the PEM of t.Key.
func parseKey(t plan.TLS, data []byte) (crypto.Signer, error) {
	wrong := func(err error, hint string) error {
		return &Error{Argument: "key", Err: broken(t.Key, err), Hint: hint}
	}
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		switch {
		case !strings.HasSuffix(block.Type, "PRIVATE KEY"):
			continue
		case block.Type == "ENCRYPTED PRIVATE KEY", block.Headers["DEK-Info"] != "":
			return nil, wrong(errors.New("the key is encrypted"), "ldcorn asks for no passphrase; decrypt it, and name the new file: "+command("openssl pkey", t.Key, "plain.key"))
		}
		key, err := parseDER(block.Bytes)
		if err != nil {
			return nil, wrong(err, "convert it, and name the new file: "+command("openssl pkey", t.Key, "plain.key"))
		}
		return key, nil
	}
	found := lookAt(t.Key, data)
	return nil, wrong(found.lacks("private key"), found.insteadOfKey(t))
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
