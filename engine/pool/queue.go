package pool

// A queue is a FIFO of claims, linked through them so that it allocates
// nothing and any of them can leave.
type queue struct {
	head, tail *Claim
	len        int
}

func (q *queue) push(c *Claim) {
	c.queued, c.err, c.worker = true, nil, nil
	c.prev, c.next = q.tail, nil
	if q.tail == nil {
		q.head = c
	} else {
		q.tail.next = c
	}
	q.tail = c
	q.len++
}

func (q *queue) pop() *Claim {
	c := q.head
	q.remove(c)
	return c
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
	c.prev, c.next, c.queued = nil, nil, false
	q.len--
}

// failAll ends every wait with err.
func (q *queue) failAll(err error) {
	for q.len > 0 {
		c := q.pop()
		c.err = err
		c.task.Wake()
	}
}
