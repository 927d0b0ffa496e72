package pool

import (
	"cmp"
	"slices"
)

// waiters returns all waiting claims in order of arrival.
func (p *Pool) waiters() []*Claim {
	if p.waiting == 0 {
		return nil
	}
	all := p.queue.appendTo(make([]*Claim, 0, p.waiting))
	for _, w := range p.workers {
		all = w.queue.appendTo(all)
	}
	for _, w := range p.leaving {
		all = w.queue.appendTo(all)
	}
	slices.SortFunc(all, func(a, b *Claim) int { return cmp.Compare(a.order, b.order) })
	return all
}

// redistribute moves the waiting claims to the right queues and grants free
// slots, after a change that affects more than one worker's load.
func (p *Pool) redistribute() {
	p.refill()
	for p.waiting > 0 && p.open() && !p.limited() {
		w, c := p.match()
		if c == nil {
			break
		}
		p.wakeGranted(c, w)
	}
	p.signal()
}

// refill takes all claims out of their queues and puts them into the right ones.
// Tenants keep their turns.
func (p *Pool) refill() {
	all := p.waiters()
	p.leaving = nil
	tenants := make([]*tenant, len(all))
	for i, c := range all {
		tenants[i] = p.unlink(c)
	}
	for i, c := range all {
		p.link(c, tenants[i])
	}
}

// renew is refill that makes the queues anew.
func (p *Pool) renew() {
	all := p.waiters()
	for _, c := range all {
		p.dequeue(c)
	}
	p.forgetOverload()
	p.levels, p.queue.rows = nil, nil
	for _, w := range p.workers {
		w.queue.rows = nil
	}
	for _, c := range all {
		p.enqueue(c)
	}
}

// match takes a claim for the first worker, in the order of choice, that has
// one to take.
func (p *Pool) match() (*Worker, *Claim) {
	if w := p.pick(nil, false); w != nil {
		if c := p.take(w); c != nil {
			return w, c
		}
	}
	for _, r := range p.rankOrder() {
		for _, l := range r.lists {
			for w := l.head; w != nil; w = w.next {
				if c := p.take(w); c != nil {
					return w, c
				}
			}
		}
	}
	return nil, nil
}

// open reports whether the pool hands out slots at all.
func (p *Pool) open() bool { return !p.isHeld() }

// serve offers the free slots of w to the claims that wait for it.
func (p *Pool) serve(w *Worker) {
	for p.waiting > 0 && p.open() && !p.limited() && !w.retired && p.hasSlot(w) {
		c := p.take(w)
		if c == nil {
			return
		}
		p.wakeGranted(c, w)
		p.signal()
	}
}

// take takes the claim out of its queue that gets the next slot of w. It
// returns nil if none waits for w.
func (p *Pool) take(w *Worker) *Claim {
	if c := p.repeatFor(w); c != nil {
		p.dequeue(c)
		return c
	}
	l := p.nextLane(w)
	if l == nil {
		return nil
	}
	c := p.nextOf(l)
	p.tookTurn(l)
	p.dequeue(c)
	return c
}

// repeatFor returns the first repeated claim that waits for w, or nil.
func (p *Pool) repeatFor(w *Worker) *Claim {
	c := p.queue.repeats.head
	for c != nil && c.avoid == w && len(p.workers) > 1 {
		c = c.next
	}
	if own := w.queue.repeats.head; own != nil && (c == nil || own.order < c.order) {
		return own
	}
	return c
}

func (p *Pool) wakeGranted(c *Claim, w *Worker) {
	if c.At != 0 {
		c.At = p.clock()
	}
	p.grant(c, w)
	p.stats.Waited++
	p.observe()
	p.showOverload()
	c.task.Wake()
}

// fail ends the wait of c with err.
func (p *Pool) fail(c *Claim, err error) {
	p.dequeue(c)
	c.err = err
	c.task.Wake()
}

// failAll ends every wait with err.
func (p *Pool) failAll(err error) {
	for _, c := range p.waiters() {
		p.fail(c, err)
	}
	p.signal()
}

// wakeAll makes every waiting claim recompute how long it will wait.
func (p *Pool) wakeAll() {
	for _, c := range p.waiters() {
		c.task.Wake()
	}
}
