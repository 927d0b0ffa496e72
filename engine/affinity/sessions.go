package affinity

import (
	"hash/maphash"
	"sync"
)

// MaxSessions is how many sessions of one group are known at most. Each takes
// about 100 bytes, however long its id is.
const MaxSessions = 100_000

// Sessions knows which worker has which session. Beyond MaxSessions it forgets
// the session that was not used for longest. The zero Sessions knows none, and
// is ready to use. Its methods are safe for concurrent use, and none takes
// long, except Forget.
type Sessions[W comparable] struct {
	mu      sync.Mutex // guards all below
	max     int        // instead of MaxSessions, for tests
	byID    map[uint64]int32
	entries []session[W] // entries[0] is the ring's start: next is the newest, prev the oldest
	free    int32        // first of the unused entries, linked by next; 0 = none
	stats   SessionStats
}

// A session is an entry of Sessions. It has the hash of the session's id in
// place of the id: the seed is secret, so that nobody can make two ids with
// equal hashes.
type session[W comparable] struct {
	id         uint64
	worker     W
	prev, next int32
}

// SessionStats are the statistics of a Sessions at one moment.
type SessionStats struct {
	Known int // sessions

	// Totals:
	Learned uint64 // sessions that became known
	Evicted uint64 // sessions that were forgotten because there were too many
}

var idSeed = maphash.MakeSeed()

// sweep is how many entries Forget looks at before it lets others in.
const sweep = 4096

// Learn records that a worker has the session with an id, unless another worker
// has it. It returns the worker that has it now: an app may repeat an id that a
// client sent elsewhere, and must not take the session of another client with it.
func (s *Sessions[W]) Learn(id []byte, w W) (holder W) {
	hash := maphash.Bytes(idSeed, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.byID[hash]; ok {
		holder = s.entries[at].worker
		if holder == w {
			s.renew(at)
		}
		return holder
	}
	if s.byID == nil {
		s.byID, s.entries = make(map[uint64]int32), make([]session[W], 1)
	}
	limit := MaxSessions
	if s.max > 0 {
		limit = s.max
	}
	if len(s.byID) >= limit {
		s.remove(s.entries[0].prev)
		s.stats.Evicted++
	}
	at := s.take()
	s.entries[at].id, s.entries[at].worker = hash, w
	s.byID[hash] = at
	s.link(at)
	s.stats.Learned++
	return w
}

// Find returns the worker that has the session with an id.
func (s *Sessions[W]) Find(id []byte) (w W, ok bool) {
	hash := maphash.Bytes(idSeed, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.byID[hash]
	if !ok {
		return w, false
	}
	s.renew(at)
	return s.entries[at].worker, true
}

// End forgets the session with an id.
func (s *Sessions[W]) End(id []byte) {
	hash := maphash.Bytes(idSeed, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.byID[hash]; ok {
		s.remove(at)
	}
}

// EndAt forgets the session with an id if the worker has it.
func (s *Sessions[W]) EndAt(id []byte, w W) {
	hash := maphash.Bytes(idSeed, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.byID[hash]; ok && s.entries[at].worker == w {
		s.remove(at)
	}
}

// Forget forgets the sessions of a worker, some at a time so that others need
// not wait. A session that is learnt meanwhile may stay.
func (s *Sessions[W]) Forget(w W) {
	for at := 1; s.forget(w, at); at += sweep {
	}
}

func (s *Sessions[W]) forget(w W, from int) (more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at := from; at < min(from+sweep, len(s.entries)); at++ {
		if s.entries[at].worker == w {
			s.remove(int32(at))
		}
	}
	if len(s.byID) == 0 {
		s.byID, s.entries, s.free = nil, nil, 0
	}
	return from+sweep < len(s.entries)
}

// Clear forgets all sessions.
func (s *Sessions[W]) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID, s.entries, s.free = nil, nil, 0
}

// Stats returns the current statistics.
func (s *Sessions[W]) Stats() SessionStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.stats
	out.Known = len(s.byID)
	return out
}

// take returns an unused entry.
func (s *Sessions[W]) take() int32 {
	if at := s.free; at != 0 {
		s.free = s.entries[at].next
		return at
	}
	s.entries = append(s.entries, session[W]{})
	return int32(len(s.entries) - 1)
}

// remove makes an entry unused.
func (s *Sessions[W]) remove(at int32) {
	s.unlink(at)
	delete(s.byID, s.entries[at].id)
	s.entries[at] = session[W]{next: s.free}
	s.free = at
}

// renew makes an entry the newest.
func (s *Sessions[W]) renew(at int32) {
	s.unlink(at)
	s.link(at)
}

func (s *Sessions[W]) link(at int32) {
	newest := s.entries[0].next
	s.entries[at].prev, s.entries[at].next = 0, newest
	s.entries[newest].prev = at
	s.entries[0].next = at
}

func (s *Sessions[W]) unlink(at int32) {
	e := &s.entries[at]
	s.entries[e.prev].next, s.entries[e.next].prev = e.next, e.prev
}
