package netloop

// An idleList holds connections at rest, ordered by how long they have rested,
// longest first. The zero idleList is empty. It is not safe for concurrent use.
type idleList[C any] struct{ first, last *idleNode[C] }

// An idleNode is a connection's place in a list. It is part of the connection,
// so a rest allocates nothing.
type idleNode[C any] struct {
	in             *idleList[C] // nil = none
	older, younger *idleNode[C]
	since          Time
	conn           C
}

// push adds a connection that is in no list.
func (l *idleList[C]) push(n *idleNode[C], c C, now Time) {
	*n = idleNode[C]{in: l, older: l.last, since: now, conn: c}
	if l.last == nil {
		l.first = n
	} else {
		l.last.younger = n
	}
	l.last = n
}

// leave removes the connection from its list. It reports false if it was in
// none.
func (n *idleNode[C]) leave() bool {
	l := n.in
	if l == nil {
		return false
	}
	if n.older == nil {
		l.first = n.younger
	} else {
		n.older.younger = n.younger
	}
	if n.younger == nil {
		l.last = n.older
	} else {
		n.younger.older = n.older
	}
	*n = idleNode[C]{}
	return true
}

// oldest returns the connection that has rested longest, if it has rested since
// the given moment or longer. It reports false if there is none.
func (l *idleList[C]) oldest(since Time) (c C, ok bool) {
	if l.first == nil || l.first.since > since {
		return c, false
	}
	return l.first.conn, true
}
