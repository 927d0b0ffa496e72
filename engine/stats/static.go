package stats

import (
	"maps"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/result"
)

// statics count the requests that statics have answered, by prefix.
type statics struct {
	known atomic.Pointer[map[string]*static] // replaced, never modified
	grow  sync.Mutex                         // held while replacing known
}

// A static holds the counts of one prefix.
type static struct {
	counters
	sent atomic.Uint64
}

// StaticCounts are the counts of the requests that a static has answered.
type StaticCounts struct {
	Counts
	Sent uint64 // bytes of files, in answers with one
}

func (s *statics) now() map[string]*static {
	if known := s.known.Load(); known != nil {
		return *known
	}
	return nil
}

// of returns the counts of a prefix.
func (s *statics) of(prefix string) *static {
	if one := s.now()[prefix]; one != nil {
		return one
	}
	s.grow.Lock()
	defer s.grow.Unlock()
	known := maps.Clone(s.now())
	if known == nil {
		known = make(map[string]*static)
	}
	if known[prefix] == nil {
		known[prefix] = new(static)
		s.known.Store(&known)
	}
	return known[prefix]
}

func (s *statics) observe(r *result.Result) {
	one := s.of(r.Static)
	one.observe(r)
	if r.Status == http.StatusOK || r.Status == http.StatusPartialContent { // others have a text in place of a file
		one.sent.Add(uint64(max(r.Sent, 0)))
	}
}

// Statics returns the counts of the requests that statics have answered, by prefix. A
// static that has answered none is missing.
func (q *Requests) Statics() map[string]StaticCounts {
	out := make(map[string]StaticCounts)
	for prefix, one := range q.statics.now() {
		out[prefix] = StaticCounts{one.read(), one.sent.Load()}
	}
	return out
}
