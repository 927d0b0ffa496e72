package buffer

import (
	"log/slog"
	"net/netip"
	"sync"
)

// Limits bound what a Space holds.
type Limits struct {
	Memory int64  // bytes in memory
	Disk   int64  // bytes in files
	Dir    string // where the files are
}

// Stats are what a Space holds, and what it has done since it was made.
type Stats struct {
	Memory  int64             // bytes in memory
	Disk    int64             // bytes in files
	Files   int               // open files
	Spills  uint64            // buffers of which a part went to a file
	Refused map[Reason]uint64 // how often a bound was reached
}

// A Reason says why a Space has not taken bytes.
type Reason string

// The reasons.
const (
	RefusedMemory Reason = "memory" // the memory is used up, and there is no file to use
	RefusedShare  Reason = "share"  // the client has its share
)

// Reasons lists all reasons.
var Reasons = []Reason{RefusedMemory, RefusedShare}

// share is the part of each bound that one client can have.
const share = 4

// A Space bounds what all its Buffers hold. It is safe for concurrent use.
type Space struct {
	log   *slog.Logger
	pages sync.Pool // of *page

	mu      sync.Mutex
	limits  Limits         // guarded by mu, as all below
	held    held           // by all
	of      map[owner]held // by each owner that holds something
	refused map[Reason]uint64
}

// held is what an owner holds.
type held struct{ memory int64 }

// An owner is the client that a share belongs to: an IPv4 address, or an IPv6
// network of 64 bits, of which one client has all addresses. The zero owner has no
// share of its own.
type owner netip.Prefix

func ownerOf(client netip.Addr) owner {
	client = client.Unmap().WithZone("")
	bits := 32
	if client.Is6() {
		bits = 64
	}
	p, err := client.Prefix(bits)
	if err != nil { // the zero Addr
		return owner{}
	}
	return owner(p)
}

// NewSpace returns a Space that holds nothing until it is configured.
func NewSpace(log *slog.Logger) *Space {
	s := &Space{log: log, of: make(map[owner]held), refused: make(map[Reason]uint64)}
	s.pages.New = func() any { return new(page) }
	return s
}

// Configure sets the limits. What the Space holds beyond new limits stays until it
// is released.
func (s *Space) Configure(l Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = l
}

// Stats returns what the Space holds and has done.
func (s *Space) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := Stats{Memory: s.held.memory, Refused: make(map[Reason]uint64, len(Reasons))}
	for _, r := range Reasons {
		all.Refused[r] = s.refused[r]
	}
	return all
}

// hasPage reports whether there is a page for an owner, and counts a refusal.
func (s *Space) hasPage(o owner) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.admit(o)
}

// admit is hasPage. The caller holds mu.
func (s *Space) admit(o owner) bool {
	switch {
	case s.held.memory+pageSize > s.limits.Memory:
		s.refused[RefusedMemory]++
		return false
	case o != owner{} && s.of[o].memory+pageSize > s.limits.Memory/share:
		s.refused[RefusedShare]++
		return false
	}
	return true
}

// takePage returns a page for an owner, or nil if a bound is reached.
func (s *Space) takePage(o owner) *page {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.admit(o) {
		return nil
	}
	s.held.memory += pageSize
	own := s.of[o]
	own.memory += pageSize
	s.of[o] = own
	return s.pages.Get().(*page)
}

func (s *Space) givePage(o owner, p *page) {
	s.pages.Put(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held.memory -= pageSize
	own := s.of[o]
	own.memory -= pageSize
	if own == (held{}) {
		delete(s.of, o)
		return
	}
	s.of[o] = own
}
