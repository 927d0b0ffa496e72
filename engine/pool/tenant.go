package pool

// A tenant has the claims with one key at one level, in all queues. Tenants take
// turns: of two that wait for the same slot, none gets two turns while the other
// gets none. A tenant that comes back is not ahead of those that have waited
// since its latest turn.
//
// In a pool that is not fair, and for claims without a key in one that is, there
// is one tenant.
type tenant struct {
	level    *level
	key      uint64
	turn     turn
	waiting  int // claims
	overload overload
	lanes    []*lane
	place    int // in the level's heap

	inTable, resting bool
	prev, next       *tenant // while it rests
}

// A turn says when a tenant is next. Each slot is a turn in a round, and its
// tenant has its next turn in the round after it. A tenant that arrives joins
// the current round. Within a round, tenants go in the order in which they have
// joined it.
type turn struct{ round, joined uint64 }

func (t turn) before(u turn) bool {
	return t.round < u.round || t.round == u.round && t.joined < u.joined
}

const (
	// maxTenants is how many tenants of a level have turns of their own. Those
	// beyond share turns with others, chosen by a hash of their key.
	maxTenants    = 1024
	sharedTenants = 64
)

// join returns the tenant of a claim that begins to wait, and counts the claim.
func (p *Pool) join(l *level, c *Claim) *tenant {
	t := p.tenant(l, c)
	p.count(t)
	if t.waiting++; t.waiting == 1 {
		if t.resting {
			l.resting.remove(t)
		}
		if t.turn.round <= l.round {
			p.joined++
			t.turn = turn{l.round, p.joined}
		}
		l.longest.push(t)
	} else {
		l.longest.fix(t)
	}
	l.waiting++
	return t
}

// part counts a claim out that no longer waits. A tenant without claims is
// forgotten, unless its next turn is in a round to come.
func (p *Pool) part(t *tenant) {
	l := t.level
	l.waiting--
	if t.waiting--; t.waiting > 0 {
		l.longest.fix(t)
		return
	}
	l.longest.remove(t)
	switch {
	case !t.inTable:
	case t.turn.round > l.round:
		l.resting.add(t)
	default:
		p.forget(t)
	}
}

// tookTurn moves a tenant, who gets a slot for a claim of the lane, to the next
// round.
func (p *Pool) tookTurn(l *lane) {
	t, level := l.tenant, l.row.level
	p.tookSlot(t)
	p.turns++
	l.row.latest = p.turns
	level.round = max(level.round, t.turn.round)
	p.joined++
	t.turn = turn{level.round + 1, p.joined}
}

// tenant returns the tenant of a claim, an old one or a new one.
func (p *Pool) tenant(l *level, c *Claim) *tenant {
	if !p.fair || c.Fair == 0 {
		if l.common == nil {
			l.common = &tenant{level: l}
		}
		return l.common
	}
	if t := l.tenants[c.Fair]; t != nil {
		return t
	}
	for range 2 {
		if t := l.resting.head; t != nil && (t.turn.round <= l.round || len(l.tenants) >= maxTenants) {
			l.resting.remove(t)
			p.forget(t)
		}
	}
	if len(l.tenants) >= maxTenants {
		shared := &l.shared[c.Fair%sharedTenants]
		if *shared == nil {
			*shared = &tenant{level: l}
		}
		return *shared
	}
	return p.newTenant(l, c.Fair)
}

func (p *Pool) newTenant(l *level, key uint64) *tenant {
	var t *tenant
	if last := len(p.tenants) - 1; last >= 0 {
		t, p.tenants = p.tenants[last], p.tenants[:last]
	} else {
		t = new(tenant)
	}
	*t = tenant{level: l, key: key, lanes: t.lanes, inTable: true}
	if l.tenants == nil {
		l.tenants = map[uint64]*tenant{}
	}
	l.tenants[key] = t
	return t
}

func (p *Pool) forget(t *tenant) {
	p.relieve(t)
	delete(t.level.tenants, t.key)
	if len(p.tenants) < maxSpare {
		p.tenants = append(p.tenants, t)
	}
}

// find returns the tenant that a claim has or would have, or nil if that would
// be a new one.
func (p *Pool) find(l *level, c *Claim) *tenant {
	if !p.fair || c.Fair == 0 {
		return l.common
	}
	if t := l.tenants[c.Fair]; t != nil || len(l.tenants) < maxTenants || l.resting.head != nil {
		return t
	}
	return l.shared[c.Fair%sharedTenants]
}

// A rest is a list of tenants that have no claims and whose next turn is in a
// round to come, in the order in which they got there.
type rest struct{ head, tail *tenant }

func (r *rest) add(t *tenant) {
	t.resting, t.prev, t.next = true, r.tail, nil
	if r.tail == nil {
		r.head = t
	} else {
		r.tail.next = t
	}
	r.tail = t
}

func (r *rest) remove(t *tenant) {
	if t.prev == nil {
		r.head = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		r.tail = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.resting, t.prev, t.next = false, nil, nil
}
