package pool

import "slices"

// A queue is a FIFO of claims, which form a linked list so that it allocates
// nothing and any claim can leave.
type queue struct{ head, tail *Claim }

// insert puts c behind the claims that arrived before it: at the end, unless
// the request is repeated and so keeps its place.
func (q *queue) insert(c *Claim) {
	c.queue = q
	before := q.tail
	if before != nil && before.order > c.order {
		before = nil
		for at := q.head; at.order < c.order; at = at.next {
			before = at
		}
	}
	c.prev = before
	if before == nil {
		c.next = q.head
		q.head = c
	} else {
		c.next = before.next
		before.next = c
	}
	if c.next == nil {
		q.tail = c
	} else {
		c.next.prev = c
	}
}

func (q *queue) remove(c *Claim) {
	if c.prev == nil {
		q.head = c.next
	} else {
		c.prev.next = c.next
	}
	if c.next == nil {
		q.tail = c.prev
	} else {
		c.next.prev = c.prev
	}
	c.prev, c.next, c.queue = nil, nil, nil
}

// join appends all of other to q, regardless of order: it is for claims that
// are about to be redistributed.
func (q *queue) join(other *queue) {
	if other.head == nil {
		return
	}
	for c := other.head; c != nil; c = c.next {
		c.queue = q
	}
	other.head.prev = q.tail
	if q.tail == nil {
		q.head = other.head
	} else {
		q.tail.next = other.head
	}
	q.tail = other.tail
	*other = queue{}
}

// enqueue makes c wait: for its own worker if it has one, otherwise for any.
func (p *Pool) enqueue(c *Claim) {
	q := &p.queue
	if w := p.own(c); w != nil {
		q = &w.queue
	}
	q.insert(c)
	p.waiting++
}

// dequeue takes c out of its queue. The caller must call signal when it is
// done.
func (p *Pool) dequeue(c *Claim) {
	c.queue.remove(c)
	p.waiting--
}

// waiters returns all waiting claims in order of arrival.
func (p *Pool) waiters() []*Claim {
	if p.waiting == 0 {
		return nil
	}
	all := make([]*Claim, 0, p.waiting)
	for c := p.queue.head; c != nil; c = c.next {
		all = append(all, c)
	}
	for _, w := range p.workers {
		for c := w.queue.head; c != nil; c = c.next {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *Claim) int {
		if a.order < b.order {
			return -1
		}
		return 1
	})
	return all
}

// redistribute grants free slots and moves the remaining claims to the right
// queues, after a change that affects more than one worker's load.
func (p *Pool) redistribute() {
	for _, c := range p.waiters() {
		p.dequeue(c)
		if w := p.choose(c); w != nil {
			p.wakeGranted(c, w)
		} else {
			p.enqueue(c)
		}
	}
	p.signal()
}

// serve offers the free slots of w to the claims that wait for it.
func (p *Pool) serve(w *Worker) {
	for p.waiting > 0 && !p.isHeld() && !w.retired && p.hasSlot(w) {
		c := p.nextFor(w)
		if c == nil {
			return
		}
		p.dequeue(c)
		p.wakeGranted(c, w)
		p.signal()
	}
}

// nextFor returns the first claim that waits for a slot of w, or nil.
func (p *Pool) nextFor(w *Worker) *Claim {
	c := p.queue.head
	if p.overload.on {
		c = p.queue.tail
	}
	for c != nil && c.avoid == w && len(p.workers) > 1 {
		c = c.next
	}
	if own := w.queue.head; own != nil && (c == nil || own.order < c.order) {
		return own
	}
	return c
}

func (p *Pool) wakeGranted(c *Claim, w *Worker) {
	p.grant(c, w)
	p.stats.Waited++
	p.overload.observe(&p.stats)
	c.task.Wake()
}

// failAll ends every wait with err.
func (p *Pool) failAll(err error) {
	for _, c := range p.waiters() {
		p.dequeue(c)
		c.err = err
		c.task.Wake()
	}
	p.signal()
}

// wakeAll makes every waiting claim recompute how long it will wait.
func (p *Pool) wakeAll() {
	for _, c := range p.waiters() {
		c.task.Wake()
	}
}
