package pool

import (
	"cmp"
	"slices"
)

// Which of the waiting requests gets a free slot is decided in this order:
//
//  1. Seat. A slot goes only to requests that its worker can serve: those in
//     the pool's queue, which wait for any worker, and those in the worker's
//     own.
//  2. Repeats. A request that is repeated has had its turn, so it goes before
//     those that have not.
//  3. Priority, in level.go: higher first, but every tenth slot goes to a
//     priority that has been passed over.
//  4. Key, in tenant.go: the keys of a group with fair= take turns.
//  5. Discipline, in discipline.go: first come, first served, or in an overload
//     of the key the newest first.
//
// A slot of a group with limits needs a ticket of these as well, for which groups
// take turns: see Limits. It comes between the first step and the others.
//
// No step depends on the number of requests that wait.

// A queue holds the claims that wait for any worker, or for one.
type queue struct {
	repeats line
	rows    []*row // by priority, the highest first; some may be empty
	passed  int    // slots in a row that passed over a lower row
}

// A row holds the lanes of a queue at one level.
type row struct {
	queue  *queue
	level  *level
	lanes  minHeap[*lane] // not empty; the lane whose turn is next is the first
	latest uint64         // slot that went to the row, by Pool.turns
}

// A lane holds the claims of one tenant in one queue.
type lane struct {
	line
	row    *row
	tenant *tenant
	turn   turn // of the tenant, when the lane was last moved in its row
	place  int  // in the row
	passed int  // see oldest
}

// row returns the row of a level.
func (q *queue) row(l *level) *row {
	at, ok := slices.BinarySearchFunc(q.rows, l, func(r *row, l *level) int { return cmp.Compare(l.priority, r.level.priority) })
	if !ok {
		r := &row{queue: q, level: l, lanes: minHeap[*lane]{
			less:  func(a, b *lane) bool { return a.turn.before(b.turn) },
			place: func(l *lane) *int { return &l.place },
		}}
		q.rows = slices.Insert(q.rows, at, r)
	}
	return q.rows[at]
}

// first returns the highest row that is not empty and below the given one, which
// may be nil.
func (q *queue) first(below *row) *row {
	for _, r := range q.rows {
		if len(r.lanes.items) > 0 && (below == nil || r.level.priority < below.level.priority) {
			return r
		}
	}
	return nil
}

// next returns the lane whose turn is next, or nil.
func (r *row) next() *lane {
	for l := r.lanes.first(); l != nil; l = r.lanes.first() {
		if l.turn == l.tenant.turn {
			return l
		}
		l.turn = l.tenant.turn // it only moves back
		r.lanes.fix(l)
	}
	return nil
}

// appendTo appends all claims to out, in no order.
func (q *queue) appendTo(out []*Claim) []*Claim {
	out = q.repeats.appendTo(out)
	for _, r := range q.rows {
		for _, l := range r.lanes.items {
			out = l.appendTo(out)
		}
	}
	return out
}

// enqueue makes c wait.
func (p *Pool) enqueue(c *Claim) {
	p.waiting++
	p.link(c, nil)
}

// dequeue takes c out of its queue. The caller must call signal when it is
// done.
func (p *Pool) dequeue(c *Claim) {
	p.waiting--
	if t := p.unlink(c); t != nil {
		p.part(t)
	}
}

// link puts c into a queue: that of its own worker if it has one, otherwise the
// one for any. was is the tenant that c counts for, or nil.
func (p *Pool) link(c *Claim, was *tenant) {
	q := &p.queue
	if w := p.own(c); w != nil {
		q = &w.queue
	}
	c.queue = q
	if p.repeats(c.avoid) {
		q.repeats.insert(c)
		return
	}
	t, level := was, p.level(p.priorityOf(c))
	if was == nil || was.level != level {
		t = p.join(level, c)
		if was != nil {
			p.part(was)
		}
	}
	c.lane = p.lane(q.row(level), t)
	c.lane.insert(c)
}

// unlink takes c out of its queue and returns the tenant that c still counts
// for, or nil for a repeated claim.
func (p *Pool) unlink(c *Claim) *tenant {
	q, l := c.queue, c.lane
	c.queue, c.lane = nil, nil
	if l == nil {
		q.repeats.remove(c)
		return nil
	}
	l.remove(c)
	if l.head == nil {
		p.freeLane(l)
	}
	return l.tenant
}

// lane returns the lane of a tenant in a row.
func (p *Pool) lane(r *row, t *tenant) *lane {
	for _, l := range t.lanes {
		if l.row == r {
			return l
		}
	}
	var l *lane
	if last := len(p.lanes) - 1; last >= 0 {
		l, p.lanes = p.lanes[last], p.lanes[:last]
	} else {
		l = new(lane)
	}
	*l = lane{row: r, tenant: t, turn: t.turn}
	t.lanes = append(t.lanes, l)
	r.lanes.push(l)
	return l
}

// maxSpare is how many unused lanes, and tenants, a pool keeps.
const maxSpare = 64

// freeLane gives an empty lane back.
func (p *Pool) freeLane(l *lane) {
	l.row.lanes.remove(l)
	at := slices.Index(l.tenant.lanes, l)
	last := len(l.tenant.lanes) - 1
	l.tenant.lanes[at] = l.tenant.lanes[last]
	l.tenant.lanes = l.tenant.lanes[:last]
	if len(p.lanes) < maxSpare {
		p.lanes = append(p.lanes, l)
	}
}
