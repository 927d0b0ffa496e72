package logbook

import (
	"maps"
	"slices"
	"sync"
)

// maxShelves bounds how many groups are remembered, of all that ever were.
const maxShelves = 256

// A Book keeps the newest lines of each group, and of what belongs to none,
// which has the name "". The zero Book is ready for use; its methods are safe
// from any goroutine.
type Book struct {
	mu      sync.Mutex // guards all below
	shelves map[string]*shelf
	added   uint64        // lines ever, of all
	waiting chan struct{} // closed by the next line; nil if nobody waits
}

// Add keeps a copy of a line of a group, which ends in a line end.
func (b *Book) Add(group string, line []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.shelves[group]
	if s == nil {
		s = b.newShelf(group)
	}
	b.added++
	s.add(b.added, line)
	if b.waiting != nil {
		close(b.waiting)
		b.waiting = nil
	}
}

// newShelf makes room for another group, at the cost of that which has been
// silent for longest.
func (b *Book) newShelf(group string) *shelf {
	if b.shelves == nil {
		b.shelves = make(map[string]*shelf)
	}
	if len(b.shelves) >= maxShelves {
		oldest, least := "", b.added
		for name, s := range b.shelves {
			if _, when := s.at(s.added - 1); when <= least {
				oldest, least = name, when
			}
		}
		delete(b.shelves, oldest)
	}
	s := new(shelf)
	b.shelves[group] = s
	return s
}

// Groups are those of which there are lines, sorted.
func (b *Book) Groups() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(b.shelves)), func(name string) bool { return name == "" })
}
