package logbook

import (
	"context"
	"slices"
)

// maxTake bounds what a reader takes at a time, so that writers wait no longer
// than it takes to copy that much.
const maxTake = 32 << 10 // bytes

// A Reader reads a book from some line on. Only one goroutine may use it.
type Reader struct {
	book   *Book
	groups []string // nil means all
	next   map[*shelf]uint64
	ends   bool   // EndNow was called
	last   uint64 // the order of the last line to take, if ends is set
}

// EndNow makes the reader ignore lines that are added from now on: once it has
// read the rest, Take returns nothing.
func (r *Reader) EndNow() {
	r.book.mu.Lock()
	defer r.book.mu.Unlock()
	r.ends, r.last = true, r.book.added
}

// Read returns a reader of the lines of some groups, or of all lines if groups
// is nil: it reads the latest n lines that are kept, or all if n is negative,
// and the lines added after that.
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

// skip skips lines, which must be the oldest.
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

// shelves returns the existing shelves of the reader's groups. The book's mu
// must be held.
func (r *Reader) shelves() []*shelf {
	var out []*shelf
	for name, s := range r.book.shelves {
		if r.groups == nil || slices.Contains(r.groups, name) {
			out = append(out, s)
		}
	}
	return out
}

// Take appends unread lines to buf, in order, up to a limit. lost is the number
// of lines that were dropped before they could be read.
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

// Wait returns once there may be an unread line, or ctx is done.
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

// behind reports whether there is an unread line.
func (r *Reader) behind() bool {
	for _, s := range r.shelves() {
		if at, known := r.next[s]; !known || at < s.added {
			return true
		}
	}
	return false
}
