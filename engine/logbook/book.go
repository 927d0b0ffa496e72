package logbook

import (
	"maps"
	"slices"
	"sync"
)

// maxShelves bounds the number of groups with lines, including former groups.
const maxShelves = 256

// A Book keeps the latest lines of each group, and those that belong to no
// group, under the name "". The zero Book is ready to use; its methods are safe
// to call from any goroutine.
type Book struct {
	mu      sync.Mutex // guards all fields below
	shelves map[string]*shelf
	added   uint64        // lines ever added, to all shelves
	waiting chan struct{} // closed by the next line; nil if nobody is waiting
}

// Add keeps a copy of a line of a group. The line must include its line ending.
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

// newShelf makes room for another group, if necessary by dropping the one that
// has been silent longest.
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

// Groups returns the sorted names of the groups that have lines.
func (b *Book) Groups() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(b.shelves)), func(name string) bool { return name == "" })
}
