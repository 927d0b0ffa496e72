package proxy

import (
	"sync"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A handList holds what one loop has in hand: its requests, and the websockets
// that were requests.
type handList struct {
	loop     *netloop.Loop
	index    int // among the loops of the proxy
	requests line[Request]
	sockets  line[socket]
}

// A line is a list of what a loop has in hand, the oldest first. Only the loop
// adds to it, and hardly anybody else looks at it, so the loop hardly ever waits
// for mu. The zero line is empty.
type line[T any] struct {
	mu          sync.Mutex // guards all below, and that what is listed stays
	first, last *place[T]
	length      int
}

// A place is where something is in a line.
type place[T any] struct {
	prev, next *place[T]
	of         *T // nil for the bookmark of a walk
}

// add puts something at the end of the line.
func (l *line[T]) add(p *place[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.length++
	l.link(p, l.last)
}

// remove takes something out of the line.
func (l *line[T]) remove(p *place[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.length--
	l.unlink(p)
}

// link puts p behind another place, or at the front for nil.
func (l *line[T]) link(p, behind *place[T]) {
	p.prev = behind
	next := &l.first
	if behind != nil {
		next = &behind.next
	}
	p.next, *next = *next, p
	if p.next != nil {
		p.next.prev = p
	} else {
		l.last = p
	}
}

func (l *line[T]) unlink(p *place[T]) {
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		l.first = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		l.last = p.prev
	}
	p.prev, p.next = nil, nil
}

// len returns how many there are.
func (l *line[T]) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.length
}

// burst is how many of a line a walk looks at before it lets the loop go on.
const burst = 256

// walk calls visit for all that is in the line, the oldest first, until visit
// returns false. The line is locked during visit, and let go in between: what is
// added meanwhile is visited, too.
func (l *line[T]) walk(visit func(*T) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := 0
	for p := l.first; p != nil; p = p.next {
		if p.of != nil && !visit(p.of) { // otherwise it is the bookmark of another walk
			return
		}
		if seen++; seen%burst == 0 {
			p = l.letGo(p)
		}
	}
}

// letGo unlocks the line for a moment. It returns where a walk goes on that has
// come to p.
func (l *line[T]) letGo(p *place[T]) *place[T] {
	mark := new(place[T])
	l.link(mark, p)
	l.mu.Unlock()
	l.mu.Lock()
	back := &place[T]{next: mark.next}
	l.unlink(mark)
	return back
}
