package pool

import (
	"cmp"
	"slices"
)

// A level is a priority. Requests of a higher one go first, but a request of a
// lower one gets its slot eventually: after passing over lower levels
// maxPassed times in a row, a slot goes to the one of them whose latest turn was
// longest ago. That is counted for each queue: for the requests that any worker
// can serve, and for those of each worker. So the lower levels of a queue get at
// least one slot in ten between them, however busy the others are.
type level struct {
	priority int
	waiting  int // claims, without repeated ones

	round   uint64             // of its tenants: see turn
	common  *tenant            // of all claims, unless the pool is fair
	tenants map[uint64]*tenant // by key, if the pool is fair
	shared  [sharedTenants]*tenant
	resting rest
	longest minHeap[*tenant] // those with claims; the one with the most is the first
}

const maxPassed = 9

// priorityOf returns the priority of a claim.
func (p *Pool) priorityOf(c *Claim) int {
	if c.Priority != nil {
		return *c.Priority
	}
	return p.priority
}

// level returns the level of a priority. Levels stay once they exist: there are
// at most as many as priorities.
func (p *Pool) level(priority int) *level {
	at, ok := p.levelAt(priority)
	if !ok {
		p.levels = slices.Insert(p.levels, at, &level{priority: priority, longest: minHeap[*tenant]{
			less:  func(a, b *tenant) bool { return a.waiting > b.waiting },
			place: func(t *tenant) *int { return &t.place },
		}})
	}
	return p.levels[at]
}

func (p *Pool) levelAt(priority int) (int, bool) {
	return slices.BinarySearchFunc(p.levels, priority, func(l *level, priority int) int { return cmp.Compare(priority, l.priority) })
}

// lowest returns the lowest level that has claims, or nil.
func (p *Pool) lowest() *level {
	for _, l := range slices.Backward(p.levels) {
		if l.waiting > 0 {
			return l
		}
	}
	return nil
}

// nextLane returns the lane that gets the next slot of w, or nil.
func (p *Pool) nextLane(w *Worker) *lane {
	any, own := p.queue.first(nil), w.queue.first(nil)
	if len(p.levels) > 1 {
		any, own = p.byPriority(w, any, own)
	}
	switch {
	case any == nil && own == nil:
		return nil
	case own == nil:
		return any.next()
	case any == nil:
		return own.next()
	}
	a, b := any.next(), own.next()
	if a.tenant == b.tenant {
		return p.inTurn(a, b)
	}
	if b.turn.before(a.turn) {
		return b
	}
	return a
}

// byPriority returns the rows of the level that gets the next slot of w: any in
// the pool's queue and own in the worker's, of which one can be nil. It is
// called with the first row of each queue.
func (p *Pool) byPriority(w *Worker, any, own *row) (*row, *row) {
	first := higher(any, own)
	if first == nil {
		return nil, nil
	}
	low := p.queue.passOver(first, nil)
	if low = w.queue.passOver(first, low); low == nil {
		return sameLevel(first, any), sameLevel(first, own)
	}
	any, own = p.queue.rowOf(low.level), w.queue.rowOf(low.level)
	if any != nil {
		p.queue.passed = 0
	}
	if own != nil {
		w.queue.passed = 0
	}
	return any, own
}

// passOver counts a slot that passes over the rows below the first one. If a slot
// goes to one of them instead, it returns that whose latest turn was longest
// ago, of them and another, which can be nil. Otherwise it returns the other.
func (q *queue) passOver(first, other *row) *row {
	below := q.first(first)
	if below == nil {
		return other
	}
	if q.passed++; q.passed <= maxPassed {
		return other
	}
	for r := below; r != nil; r = q.first(r) {
		if other == nil || r.latest < other.latest || r.latest == other.latest && r.level.priority > other.level.priority {
			other = r
		}
	}
	return other
}

// rowOf returns the row of a level if it is not empty, otherwise nil.
func (q *queue) rowOf(l *level) *row {
	for _, r := range q.rows {
		if r.level == l && len(r.lanes.items) > 0 {
			return r
		}
	}
	return nil
}

// higher returns the one of two rows whose level is higher; each can be nil.
func higher(a, b *row) *row {
	if a == nil || b != nil && b.level.priority > a.level.priority {
		return b
	}
	return a
}

// sameLevel returns r if it is of the level of first, otherwise nil.
func sameLevel(first, r *row) *row {
	if r != nil && r.level == first.level {
		return r
	}
	return nil
}
