package config

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// inputs records everything that an evaluation reads.
type inputs struct {
	salt []byte
	list []plan.Input
	seen map[inputKey]int // index in list
}

type inputKey struct {
	kind plan.InputKind
	name string
}

func newInputs(salt []byte) *inputs {
	if salt == nil {
		salt = make([]byte, sha256.Size)
		rand.Read(salt) // never fails
	}
	return &inputs{salt: salt, seen: make(map[inputKey]int)}
}

// add records one read. A nil content means that there was nothing to read. If
// any read of a value was secret, its digest is keyed, so that nobody can guess
// the value from it.
func (in *inputs) add(kind plan.InputKind, name string, content []byte, secret bool) {
	digest := ""
	switch {
	case content == nil:
	case secret:
		mac := hmac.New(sha256.New, in.salt)
		mac.Write(content)
		digest = hex.EncodeToString(mac.Sum(nil))
	default:
		sum := sha256.Sum256(content)
		digest = hex.EncodeToString(sum[:])
	}
	in.addDigest(kind, name, digest, secret)
	if kind == plan.InputArg {
		in.list[in.seen[inputKey{kind, name}]].Value = string(content)
	}
}

// addDigest records one read of something with a digest.
func (in *inputs) addDigest(kind plan.InputKind, name, digest string, secret bool) {
	key := inputKey{kind, name}
	if i, ok := in.seen[key]; ok {
		if secret {
			in.list[i].Digest, in.list[i].Keyed = digest, true
		}
		return
	}
	in.seen[key] = len(in.list)
	in.list = append(in.list, plan.Input{Kind: kind, Name: name, Digest: digest, Keyed: secret})
}

// fingerprint returns a digest of everything that was read.
func (in *inputs) fingerprint() string {
	h := sha256.New()
	for _, i := range in.list {
		fmt.Fprintf(h, "%s %q %s\n", i.Kind, i.Name, i.Digest)
	}
	return hex.EncodeToString(h.Sum(nil))
}
