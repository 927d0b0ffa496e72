package pool

// A line is a list of claims in the order in which they arrived. It allocates
// nothing, and any claim can leave.
type line struct{ head, tail *Claim }

// insert puts c behind the claims that arrived before it, which almost always
// are all of them. One that was first, or the newest, has its old place again near
// one of the ends.
func (l *line) insert(c *Claim) {
	before, after := l.tail, l.head
	for before != nil && before.order > c.order {
		if after.order > c.order {
			before = after.prev
			break
		}
		before, after = before.prev, after.next
	}
	c.prev = before
	if before == nil {
		c.next = l.head
		l.head = c
	} else {
		c.next = before.next
		before.next = c
	}
	if c.next == nil {
		l.tail = c
	} else {
		c.next.prev = c
	}
}

func (l *line) remove(c *Claim) {
	if c.prev == nil {
		l.head = c.next
	} else {
		c.prev.next = c.next
	}
	if c.next == nil {
		l.tail = c.prev
	} else {
		c.next.prev = c.prev
	}
	c.prev, c.next = nil, nil
}

// appendTo appends all claims to out.
func (l *line) appendTo(out []*Claim) []*Claim {
	for c := l.head; c != nil; c = c.next {
		out = append(out, c)
	}
	return out
}
