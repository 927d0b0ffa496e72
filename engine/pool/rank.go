package pool

// ranks holds workers that may get a request, in lists by rank: how busy each
// is. The first of the lowest rank is the one to pick. A worker enters its
// list at the end, so that those of equal rank take turns. Nothing of it
// depends on the number of workers.
type ranks struct {
	lists []rank
	low   int // no worker has a lower rank
	n     int
}

type rank struct{ head, tail *Worker }

// add puts a worker that is in no list at the end of its rank's.
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

// first returns the worker to pick that is not avoid, or nil.
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

// freshSlots is how many requests a worker gets, while others are at hand,
// before it has answered one: many apps load what they need with the first.
const freshSlots = 1

// file puts w where it belongs, after anything about it has changed: at the
// end, as one that has just had its turn.
func (p *Pool) file(w *Worker) {
	if w.ranks != nil {
		w.ranks.remove(w)
	}
	if in, at := p.place(w); in != nil {
		in.add(w, at)
	}
}

// refile is file for a worker that has lost a request. One whose rank stays
// the same, as in round robin, keeps its turn: else those whose requests end
// all the time would never have one.
func (p *Pool) refile(w *Worker) {
	if in, at := p.place(w); in == nil || in != w.ranks || at != w.rank {
		p.file(w)
	}
}

// place is where w belongs; nil where it is not to be picked.
func (p *Pool) place(w *Worker) (in *ranks, at int) {
	if w.retired || !p.hasSlot(w) {
		return nil, 0
	}
	busy := w.inFlight()
	if in = &p.free; busy >= freshSlots && !w.proven.Load() {
		in = &p.fresh
	}
	if !p.rotate {
		at = busy
	}
	return in, at
}

func (p *Pool) hasSlot(w *Worker) bool {
	return !w.doubted && (p.cap == 0 || w.inFlight() < p.cap)
}

// pick returns the worker for a request that any can serve, or nil. Avoid is
// picked only where there is no other.
func (p *Pool) pick(avoid *Worker) *Worker {
	if len(p.workers) == 1 {
		avoid = nil
	}
	if w := p.free.first(avoid); w != nil {
		return w
	}
	return p.fresh.first(avoid)
}
