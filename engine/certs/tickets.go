package certs

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"sync"
	"time"
)

// How long a secret seals tickets, and how many of the ones before it still open
// them. So a ticket is good for at least a day, and what was recorded of a
// resumed session of TLS 1.2 can be opened for two days at most.
const (
	secretTime  = 12 * time.Hour
	secretsKept = 2
)

// Tickets has the secrets of session tickets of one master. It lasts across
// reloads, so that sessions can be resumed after one. The zero Tickets is ready
// for use, and safe for concurrent use.
//
// Each context has keys of its own, which are derived from the secrets: a ticket
// cannot be opened in another context.
type Tickets struct {
	mu      sync.Mutex // guards the fields below
	secrets [][]byte   // the newest first
	since   time.Time  // when the newest was made
	epoch   int        // of the newest; the first is 1
}

// turn makes a new secret if it is time. It returns the secrets and their epoch.
func (t *Tickets) turn(now time.Time) ([][]byte, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	// A clock that was set back must not stop the secrets from changing.
	if age := now.Sub(t.since); t.epoch == 0 || age >= secretTime || age < -secretTime {
		secret := make([]byte, 32)
		_, _ = rand.Read(secret) // never fails
		t.secrets = slices.Insert(slices.Clone(t.secrets), 0, secret)
		t.secrets = t.secrets[:min(len(t.secrets), 1+secretsKept)]
		if age >= (1+secretsKept)*secretTime { // no handshake came for long
			t.secrets = t.secrets[:1]
		}
		t.since = now
		t.epoch++
	}
	return t.secrets, t.epoch
}

// keys returns the keys of a context, the newest first, and their epoch. It returns
// no keys if has says that the caller has those of the epoch.
func (t *Tickets) keys(context string, now time.Time, has func(epoch int) bool) (keys [][32]byte, epoch int) {
	secrets, epoch := t.turn(now)
	if has(epoch) {
		return nil, epoch
	}
	for _, s := range secrets {
		k, err := hkdf.Key(sha256.New, s, nil, "ldcorn session tickets: "+context, 32)
		if err != nil {
			panic(err) // only of a length that is too large
		}
		keys = append(keys, [32]byte(k))
	}
	return keys, epoch
}
