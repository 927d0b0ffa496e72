package logbook

import (
	"context"
	"slices"
)

// maxTake bounds what a reader takes at a time, so that writers wait for no
// longer than it takes to copy that.
const maxTake = 32 << 10 // bytes

// A Reader reads a book from some line on. It is for one goroutine.
type Reader struct {
	book   *Book
	groups []string // nil = all
	next   map[*shelf]uint64
	ends   bool   // EndNow was called
	last   uint64 // the order of the last line to take, where it ends
}

// EndNow makes the reader leave out what comes from now on: once it has taken
// what is kept, Take returns nothing.
func (r *Reader) EndNow() {
	r.book.mu.Lock()
	defer r.book.mu.Unlock()
	r.ends, r.last = true, r.book.added
}

// Read returns a reader of the lines of some groups, or of all lines where
// none is named: of the newest n that are kept, or of all if n is negative,
// and of what comes after them.
func (b *Book) Read(groups []string, n int) *Reader {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := &Reader{book: b, groups: groups, next: make(map[*shelf]uint64)}
	var kept []uint64 // the order of each line
	for _, s := range r.shelves() {
		r.next[s] = s.first()
		for _, p := range []*page{&s.old, &s.new} {
			kept = append(kept, p.when...)
		}
	}
	if n < 0 || n >= len(kept) {
		return r
	}
	slices.Sort(kept)
	r.skip(kept[:len(kept)-n])
	return r
}

// skip leaves lines out, which are the oldest.
func (r *Reader) skip(orders []uint64) {
	if len(orders) == 0 {
		return
	}
	last := orders[len(orders)-1]
	for s, at := range r.next {
		for at < s.added {
			if _, when := s.at(at); when > last {
				break
			}
			at++
		}
		r.next[s] = at
	}
}

// shelves are those that there are of the reader's groups. The book's mu is
// held.
func (r *Reader) shelves() []*shelf {
	var out []*shelf
	for name, s := range r.book.shelves {
		if r.groups == nil || slices.Contains(r.groups, name) {
			out = append(out, s)
		}
	}
	return out
}

// Take appends lines to buf that have not been read yet, in their order: as
// many as there are, up to a limit. lost is how many could not be kept until
// now.
func (r *Reader) Take(buf []byte) (lines []byte, lost uint64) {
	r.book.mu.Lock()
	defer r.book.mu.Unlock()
	all := r.shelves()
	for _, s := range all {
		at, known := r.next[s]
		if first := s.first(); !known || at < first {
			if known {
				lost += first - at
			}
			r.next[s] = first
		}
	}
	taken := 0
	for taken < maxTake {
		var oldest *shelf
		var line []byte
		var order uint64
		for _, s := range all {
			if at := r.next[s]; at < s.added {
				if l, when := s.at(at); oldest == nil || when < order {
					oldest, line, order = s, l, when
				}
			}
		}
		if oldest == nil || r.ends && order > r.last {
			break
		}
		r.next[oldest]++
		buf = append(buf, line...)
		taken += len(line)
	}
	return buf, lost
}

// Wait returns once there is a line that may not have been read, or ctx is
// done.
func (r *Reader) Wait(ctx context.Context) {
	b := r.book
	b.mu.Lock()
	if r.behind() {
		b.mu.Unlock()
		return
	}
	if b.waiting == nil {
		b.waiting = make(chan struct{})
	}
	more := b.waiting
	b.mu.Unlock()
	select {
	case <-more:
	case <-ctx.Done():
	}
}

// behind reports whether there is something to take.
func (r *Reader) behind() bool {
	for _, s := range r.shelves() {
		if at, known := r.next[s]; !known || at < s.added {
			return true
		}
	}
	return false
}
