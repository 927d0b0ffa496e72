package acme

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// lookEvery is how often a master looks for the challenges of other masters.
const lookEvery = 500 * time.Millisecond

// A board has the answers to the open challenges: those of this master, and those of
// other masters with the same storage. An issuer can come to any of them.
type board struct {
	now atomic.Pointer[answers] // never nil

	mu   sync.Mutex // guards the fields below
	open map[storage]*opened
}

// opened are the open challenges of one storage.
type opened struct {
	at    time.Time // the modification time of the folder when it was read
	known map[string]*challenge
}

// A challenge is one that is open, as it is stored.
type challenge struct {
	acme.Challenge
	cert *tls.Certificate // nil = not a challenge of TLS
}

// answers never change.
type answers struct {
	http map[string][]byte // by token
	tls  map[string]*tls.Certificate
}

func newBoard() *board {
	b := &board{open: make(map[storage]*opened)}
	b.now.Store(&answers{})
	return b
}

// httpAnswer returns the answer to the challenge with a token, or nil. It allocates
// nothing.
func (b *board) httpAnswer(token []byte) []byte { return b.now.Load().http[string(token)] }

// certificate returns the certificate for the challenge of a name, or nil.
func (b *board) certificate(name string) *tls.Certificate {
	return b.now.Load().tls[strings.ToLower(name)]
}

// look reads the challenges in the storages in use.
func (b *board) look(use map[storage]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	changed := false
	for s := range b.open {
		if !use[s] {
			delete(b.open, s)
			changed = true
		}
	}
	for s := range use {
		o := b.open[s]
		if o == nil {
			o = &opened{known: make(map[string]*challenge)}
			b.open[s] = o
		}
		changed = o.look(s) || changed
	}
	if changed {
		b.publish()
	}
}

// look reports whether there is a change.
func (o *opened) look(s storage) (changed bool) {
	dir := filepath.Join(s.dir, dirChallenges)
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	// The clock of a file system can be coarse: a folder that has just changed may
	// have changed again.
	if info.ModTime().Equal(o.at) && time.Since(o.at) > 3*time.Second {
		return false
	}
	o.at = info.ModTime()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	found := make(map[string]*challenge)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		if c := o.known[e.Name()]; c != nil {
			found[e.Name()] = c
		} else if c := readChallenge(s, e.Name()); c != nil {
			found[e.Name()] = c
			changed = true
		}
	}
	changed = changed || len(found) != len(o.known)
	o.known = found
	return changed
}

func readChallenge(s storage, file string) *challenge {
	data, err := s.read(dirChallenges, file)
	if err != nil {
		return nil
	}
	var c acme.Challenge
	if json.Unmarshal(data, &c) != nil || c.KeyAuthorization == "" || !isToken(c.Token) || file != fileName(c.Token) {
		return nil
	}
	return newChallenge(c)
}

func newChallenge(c acme.Challenge) *challenge {
	out := &challenge{Challenge: c}
	if c.Type == string(plan.ChallengeTLS) {
		cert, err := acmez.TLSALPN01ChallengeCert(c)
		if err != nil {
			return nil
		}
		out.cert = cert
	}
	return out
}

// publish publishes the answers. The caller holds mu.
func (b *board) publish() {
	next := &answers{http: make(map[string][]byte), tls: make(map[string]*tls.Certificate)}
	for _, o := range b.open {
		for c := range maps.Values(o.known) {
			if c.cert != nil {
				next.tls[strings.ToLower(c.Identifier.Value)] = c.cert
			} else {
				next.http[c.Token] = []byte(c.KeyAuthorization)
			}
		}
	}
	b.now.Store(next)
}

// put opens a challenge in this master.
func (b *board) put(s storage, c *challenge) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open[s] == nil {
		b.open[s] = &opened{known: make(map[string]*challenge)}
	}
	b.open[s].known[fileName(c.Token)] = c
	b.publish()
}

// drop closes a challenge in this master.
func (b *board) drop(s storage, token string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o := b.open[s]; o != nil {
		delete(o.known, fileName(token))
		b.publish()
	}
}

// A solver opens challenges for acmez.
type solver struct {
	board *board
	store storage
}

// Present opens a challenge. It refuses a token with characters that tokens do not have
// (RFC 8555, section 8.1), which could lead out of the folder.
func (s *solver) Present(_ context.Context, c acme.Challenge) error {
	if !isToken(c.Token) {
		return errToken
	}
	made := newChallenge(c)
	if made == nil {
		return errToken
	}
	if err := s.store.writeJSON(dirChallenges, fileName(c.Token), c); err != nil {
		return err
	}
	s.board.put(s.store, made)
	return nil
}

// Wait waits until other masters know the challenge.
func (s *solver) Wait(ctx context.Context, _ acme.Challenge) error {
	select {
	case <-time.After(2 * lookEvery):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// CleanUp closes a challenge.
func (s *solver) CleanUp(_ context.Context, c acme.Challenge) error {
	if !isToken(c.Token) {
		return nil
	}
	s.board.drop(s.store, c.Token)
	return os.Remove(s.store.path(dirChallenges, fileName(c.Token)))
}

// fileName returns the name of the file of a challenge. The tokens of one authority
// are different for different challenges.
func fileName(token string) string { return token + ".json" }

func isToken(s string) bool {
	for _, r := range []byte(s) {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_') {
			return false
		}
	}
	return len(s) >= 16 && len(s) <= 200
}
