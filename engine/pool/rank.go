package pool

// ranks holds workers that can get a request, in lists by rank, which is how
// busy a worker is. The worker to pick is the first of the lowest rank. A
// worker enters its list at the end, so that workers of equal rank take turns.
// No operation depends on the number of workers.
type ranks struct {
	lists []rank
	low   int // no worker has a lower rank
	n     int
}

type rank struct{ head, tail *Worker }

// add appends a worker that is in no list to the list of its rank.
func (r *ranks) add(w *Worker, at int) {
	for at >= len(r.lists) {
		r.lists = append(r.lists, rank{})
	}
	l := &r.lists[at]
	w.ranks, w.rank, w.prev, w.next = r, at, l.tail, nil
	if l.tail == nil {
		l.head = w
	} else {
		l.tail.next = w
	}
	l.tail = w
	if r.n == 0 || at < r.low {
		r.low = at
	}
	r.n++
}

func (r *ranks) remove(w *Worker) {
	l := &r.lists[w.rank]
	if w.prev == nil {
		l.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.ranks, w.prev, w.next = nil, nil, nil
	r.n--
}

// first returns the worker to pick other than avoid, or nil.
func (r *ranks) first(avoid *Worker) *Worker {
	left := r.n
	if left == 0 {
		return nil
	}
	for r.lists[r.low].head == nil {
		r.low++
	}
	for at := r.low; left > 0; at++ {
		w := r.lists[at].head
		if w != nil && w == avoid {
			w = w.next
			left--
		}
		if w != nil {
			return w
		}
	}
	return nil
}

// freshSlots is how many requests a worker gets, while other workers are
// available, before it has answered one: many apps load what they need on the
// first request.
const freshSlots = 1

// file moves w to the list where it belongs after any change, to the end, as if
// it had just had its turn.
func (p *Pool) file(w *Worker) {
	if w.ranks != nil {
		w.ranks.remove(w)
	}
	if in, at := p.place(w); in != nil {
		in.add(w, at)
	}
}

// refile is file for a worker that has finished a request. A worker whose rank
// stays the same, as in round robin, keeps its turn: otherwise a worker whose
// requests keep finishing would never get one.
func (p *Pool) refile(w *Worker) {
	if in, at := p.place(w); in == nil || in != w.ranks || at != w.rank {
		p.file(w)
	}
}

// place returns the list where w belongs, or nil if w cannot be picked.
func (p *Pool) place(w *Worker) (in *ranks, at int) {
	if w.retired || !p.hasSlot(w) {
		return nil, 0
	}
	busy := w.inFlight()
	switch in = &p.free; {
	case busy >= freshSlots && !w.proven.Load():
		in = &p.fresh
	case w.joining && p.gentle():
		in = &p.joining
	}
	if !p.rotate {
		at = busy
	}
	return in, at
}

func (p *Pool) hasSlot(w *Worker) bool {
	return !w.doubted && (p.cap == 0 || w.inFlight() < p.cap)
}

// pick returns the worker for a request that any worker can serve, or nil. It
// picks avoid only if there is no other. lasting says that the request is to stay,
// as a websocket.
func (p *Pool) pick(avoid *Worker, lasting bool) *Worker {
	if len(p.workers) == 1 {
		avoid = nil
	}
	old := p.free.first(avoid)
	switch young := p.newcomer(old, avoid); {
	case young != nil && (old == nil || p.hasTurn(old, lasting)):
		return young
	case old != nil:
		return old
	}
	return p.fresh.first(avoid)
}

// rankOrder returns the lists of workers in the order of choice.
func (p *Pool) rankOrder() [3]*ranks { return [...]*ranks{&p.free, &p.joining, &p.fresh} }
