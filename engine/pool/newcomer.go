package pool

import "slices"

// A newcomer is a worker that has just joined others which stay. Nothing is in its hand
// yet, so that by the rule of the least busy worker it would get every request until it
// has as many as the others; with websockets and streams that can be very long. In a pool
// without a cap, newcomers get their share and no more: with those that were there they
// take turns, until they are as busy. A websocket goes to the least busy worker even so,
// because it stays.

const (
	// mostUnended is how many requests a worker can get without ending one, and still
	// have its turn while there is a less busy newcomer: it may be stuck.
	mostUnended = 8
	// unprovenPart is the part of what the least busy of the others has in hand that a
	// worker gets before it has answered its first request, which may take long.
	unprovenPart = 10
)

// gentle reports whether newcomers take turns with the others. Elsewhere, slots or turns
// limit what they get.
func (p *Pool) gentle() bool { return p.cap == 0 && !p.rotate }

// welcome makes newcomers of the workers of add, which are not in the pool yet, if others
// stay. Those that came before are newcomers no longer.
func (p *Pool) welcome(add, remove []*Worker) {
	stay := false
	for _, w := range p.workers {
		stay = stay || !slices.Contains(remove, w)
		if w.unended = 0; w.joining {
			w.joining = false
			p.file(w)
		}
	}
	for _, w := range add {
		w.joining = stay && p.gentle()
	}
	p.owed = 0
}

// newcomer returns the newcomer that could get the next request in place of old, which is
// the least busy of the others, or nil.
func (p *Pool) newcomer(old, avoid *Worker) *Worker {
	if w := p.joining.first(avoid); w != nil && (old == nil || w.inFlight() <= old.inFlight()) {
		return w
	}
	if old == nil || !p.gentle() {
		return nil
	}
	if w := p.fresh.first(avoid); w != nil && w.inFlight()*unprovenPart < old.inFlight() {
		return w
	}
	return nil
}

// hasTurn reports whether a newcomer gets the next request, and not old. lasting says
// that it is to stay, as a websocket.
func (p *Pool) hasTurn(old *Worker, lasting bool) bool {
	return lasting || p.owed >= 0 || old.unended >= mostUnended
}

// countTurn records that w gets a request, before it is counted: of each as many as there
// are workers, newcomers get as many as there are newcomers.
func (p *Pool) countTurn(w *Worker) {
	w.unended++
	young := p.joining.n + p.fresh.n
	if !p.gentle() || young == 0 {
		return
	}
	if w.ranks == &p.free {
		p.owed = min(p.owed+young, young-1)
		return
	}
	p.owed = max(p.owed-p.free.n, -p.free.n)
}

// arrive ends the time of w as a newcomer once it is busier than the least busy of the
// others.
func (p *Pool) arrive(w *Worker) {
	if !w.joining {
		return
	}
	old := p.free.first(nil)
	w.joining = old == nil || w.inFlight() <= old.inFlight()
}
