package acme

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/mholt/acmez/v3/acme"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A stored is an account as it is stored.
type stored struct {
	Key     string       `json:"key"` // PEM
	Account acme.Account `json:"account"`
}

// accountFile returns the name of the file of the account for a. With another
// binding (eab) or another email address, it is another account.
func accountFile(a plan.ACME) string { return digest(a.Email+"\n"+a.EABKeyID) + ".json" }

// account returns the account for the name, and opens one if there is none.
func (n *name) account(ctx context.Context, c *client) (acme.Account, error) {
	unlock, err := n.store.lock(ctx, "account-"+accountFile(n.spec))
	if err != nil {
		return acme.Account{}, err
	}
	defer unlock()
	saved, key, err := n.readAccount()
	if err != nil {
		return acme.Account{}, err
	}
	account := saved.Account
	account.PrivateKey = key
	if account.Location != "" {
		return account, nil
	}
	account = acme.Account{PrivateKey: key, TermsOfServiceAgreed: true}
	if n.spec.Email != "" {
		account.Contact = []string{"mailto:" + n.spec.Email}
	}
	if n.spec.EABKeyID != "" {
		if err := account.SetExternalAccountBinding(ctx, c.Client.Client, acme.EAB{KeyID: n.spec.EABKeyID, MACKey: n.spec.EABKey.Reveal()}); err != nil {
			return account, fmt.Errorf("eab: %w", err)
		}
	}
	if account, err = c.NewAccount(ctx, account); err != nil {
		return account, fmt.Errorf("opening an account: %w", err)
	}
	account.ExternalAccountBinding = nil
	account.Status = acme.StatusValid
	saved.Account = account
	n.log().Info("account of the issuer opened", "issuer", n.spec.Directory, "account", account.Location)
	return account, n.store.writeJSON(dirAccounts, accountFile(n.spec), saved)
}

// readAccount reads the account, or makes a key for one. The key is stored before the
// issuer learns of it, so that there is never an account without a key.
func (n *name) readAccount() (*stored, crypto.Signer, error) {
	file := accountFile(n.spec)
	saved := new(stored)
	err := n.store.readJSON(dirAccounts, file, saved)
	if err == nil && saved.Key != "" {
		key, err2 := parseKey(saved.Key)
		if err2 == nil {
			return saved, key, nil
		}
		err = err2
	}
	if err != nil {
		n.log().Warn("the account of the issuer cannot be read: opening another one", "err", err, "moved", n.store.setAside(dirAccounts, file))
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	saved = &stored{Key: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))}
	return saved, key, n.store.writeJSON(dirAccounts, file, saved)
}

var errKey = errors.New("there is no key in it")

func parseKey(text string) (crypto.Signer, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errKey
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errKey // the error could show parts of the key
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errKey
	}
	return signer, nil
}

// forgetAccount forgets where the account is, since the issuer does not know it. The key stays.
func (n *name) forgetAccount(ctx context.Context) error {
	unlock, err := n.store.lock(ctx, "account-"+accountFile(n.spec))
	if err != nil {
		return err
	}
	defer unlock()
	saved, _, err := n.readAccount()
	if err != nil {
		return err
	}
	saved.Account = acme.Account{}
	return n.store.writeJSON(dirAccounts, accountFile(n.spec), saved)
}
