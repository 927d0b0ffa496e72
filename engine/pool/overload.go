package pool

import "math"

// An overload notices that a pool is overloaded: clients leave before it is
// their turn, or queue_timeout ends their wait, and no slot is ever free. A long
// queue is not an overload as long as its requests wait. Neither is a loss that
// a pool with free slots now and then has: the queue was long for a moment, and
// to serve it in order loses the least.
//
// It counts requests instead of time, so that it fits a pool that serves
// thousands of requests a second as well as a pool that serves one a minute.
// TestSimulation shows why its numbers are what they are.
type overload struct {
	on bool

	// Moving averages over the latest overloadWindow requests or so:
	lost float64 // the part that was lost
	free float64 // the part that found a free slot

	claims, waited uint64 // the totals of Stats that the averages include
}

const (
	overloadWindow = 150
	// An overload begins once so much is lost, and only a fifth of that has
	// found a free slot.
	overloadBegins     = 0.2
	overloadBeginsFree = 0.2
	// It ends once hardly anything is lost, or more requests find a free slot
	// than are lost.
	overloadEnds     = 0.02
	overloadEndsFree = 1
)

// observe takes the slots into account that have been granted since the last
// call. s has the totals.
func (o *overload) observe(s *Stats) {
	waited := s.Waited - o.waited
	free := s.Claims - o.claims - waited
	o.claims, o.waited = s.Claims, s.Waited
	if free > 0 {
		o.fade(free)
		o.free += 1 - math.Exp(-float64(free)/overloadWindow)
	}
	o.fade(waited)
	if o.lost < overloadEnds || o.free > o.lost*overloadEndsFree {
		o.on = false
	}
}

// lose takes a request into account that is lost.
func (o *overload) lose(s *Stats) {
	o.observe(s)
	o.fade(1)
	o.lost += 1. / overloadWindow
	if o.lost > overloadBegins && o.free < o.lost*overloadBeginsFree {
		o.on = true
	}
}

// fade makes room for n requests in the averages.
func (o *overload) fade(n uint64) {
	keep := 1 - 1./overloadWindow
	switch n {
	case 0:
		return
	case 1:
	default:
		keep = math.Exp(-float64(n) / overloadWindow)
	}
	o.lost *= keep
	o.free *= keep
}
