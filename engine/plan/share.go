package plan

import (
	"fmt"
	"math"
	"strconv"
)

// A Share is a part of all clients: each is in it or not, by its key, always
// the same. Shares of one key and salt nest: who is in a smaller one is in a
// larger one too.
type Share struct {
	Percent float64 // from 0 to 100
	By      Key
	Salt    string // another one is another choice of clients

	limit uint64 // hashes below it are in
}

// NewShare returns the share of a percentage, which is from 0 to 100.
func NewShare(percent float64, by Key, salt string) Share {
	s := Share{Percent: percent, By: by, Salt: salt}
	if percent < 100 {
		s.limit = uint64(math.Round(percent / 100 * (1 << 63) * 2))
	}
	return s
}

// takes reports whether the client of a request is in the share. One without
// the key, or with an empty one, never is.
func (s *Share) takes(r Request) bool {
	h, ok := s.hash(r)
	return ok && (s.Percent >= 100 || h < s.limit)
}

// hash is the place of a request's client among all; it reports false where
// it has no key.
func (s *Share) hash(r Request) (uint64, bool) {
	var key []byte
	switch s.By.By {
	case KeyCookie:
		key, _ = r.Cookie(s.By.Name)
	case KeyHeader:
		key, _ = r.Header(s.By.Name)
	case KeyClientIP:
		if ip := r.ClientIP(); ip.IsValid() {
			b := ip.As16()
			return hashKey(s.Salt, b[:]), true
		}
	}
	if len(key) == 0 || !Spend(r, len(key)) {
		return 0, false
	}
	return hashKey(s.Salt, key), true
}

// hashKey never changes, from one version to the next either: it is FNV-1a of
// the salt, a byte 0xff and the key, with the finalizer of MurmurHash3 so that
// all bits depend on all.
func hashKey(salt string, key []byte) uint64 {
	const prime = 1099511628211
	h := uint64(14695981039346656037)
	for i := range len(salt) {
		h = (h ^ uint64(salt[i])) * prime
	}
	h = (h ^ 0xff) * prime
	for _, c := range key {
		h = (h ^ uint64(c)) * prime
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// String writes the share as the configuration does.
func (s *Share) String() string {
	salt := ""
	if s.Salt != "" {
		salt = fmt.Sprintf(", salt=%q", s.Salt)
	}
	return fmt.Sprintf("percent(%s, by=%s%s)", formatPercent(s.Percent), s.By, salt)
}

func formatPercent(p float64) string { return strconv.FormatFloat(p, 'f', -1, 64) }
