package match

import (
	"fmt"
	"math"
	"strconv"
)

// Percent matches the clients in a share.
func Percent(share Share) Matcher { return &percent{base{share.String()}, share} }

type percent struct {
	base
	share Share
}

func (m *percent) Match(r Request) bool { return m.share.takes(r) }

func (m *percent) WhyNot(r Request) string {
	h, ok := m.share.hash(r)
	if !ok {
		return fmt.Sprintf("%s: the request has no such key", m.text)
	}
	return fmt.Sprintf("%s: the client is at %s of 100", m.text, formatPercent(float64(h>>32*10000>>32)/100))
}

func (m *percent) Cost(bytes int) int { return bytes }

func (m *percent) traits() []trait {
	if f, ok := m.share.By.field(); ok {
		return []trait{{by: byName, field: f}}
	}
	return nil
}

func (m *percent) within(_ *Comparer, other Matcher) bool {
	o, ok := other.(*percent)
	return ok && o.share.By.same(m.share.By) && o.share.Salt == m.share.Salt && m.share.Percent <= o.share.Percent
}

// A Share is a part of all clients: depending on its key, each client is always
// in it or never. Shares with the same key and salt nest: a client in a smaller
// one is also in a larger one.
type Share struct {
	Percent float64 // from 0 to 100
	By      Key
	Salt    string // a different salt selects different clients

	limit uint64 // hashes below it are in the share
}

// NewShare returns the share for a percentage from 0 to 100.
func NewShare(percent float64, by Key, salt string) Share {
	s := Share{Percent: percent, By: by, Salt: salt}
	if percent < 100 {
		s.limit = uint64(math.Round(percent / 100 * (1 << 63) * 2))
	}
	return s
}

// takes reports whether the client of a request is in the share. A client
// without the key, or with an empty one, never is.
func (s *Share) takes(r Request) bool {
	h, ok := s.hash(r)
	return ok && (s.Percent >= 100 || h < s.limit)
}

// hash returns the position of a request's client among all clients. It returns
// false if the client has no key.
func (s *Share) hash(r Request) (uint64, bool) {
	if s.By.By == KeyClientIP {
		ip := r.ClientIP()
		if !ip.IsValid() {
			return 0, false
		}
		b := ip.As16()
		return hashKey(s.Salt, b[:]), true
	}
	f, ok := s.By.field()
	if !ok {
		return 0, false
	}
	key, _ := f.value(r)
	if len(key) == 0 || !Spend(r, len(key)) {
		return 0, false
	}
	return hashKey(s.Salt, key), true
}

// hashKey must never change, not even between versions: it is FNV-1a of the
// salt, a byte 0xff and the key, with the finalizer of MurmurHash3, so that
// every bit depends on all others.
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

// String returns the share as the configuration writes it.
func (s *Share) String() string {
	salt := ""
	if s.Salt != "" {
		salt = fmt.Sprintf(", salt=%q", s.Salt)
	}
	return fmt.Sprintf("percent(%s, by=%s%s)", formatPercent(s.Percent), s.By, salt)
}

func formatPercent(p float64) string { return strconv.FormatFloat(p, 'f', -1, 64) }
