package pool

import (
	"math"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// An overload notices that the requests of a tenant leave the queue before it is
// their turn, because clients give up or queue_timeout ends their wait. A long
// queue is not an overload as long as its requests wait.
//
// It measures which part of all the waiting is in vain: the time that lost
// requests have waited, of the time that all have. A loss so counts for as much
// as it has waited beside the others: a client that leaves at once, however
// often, says nothing about those that wait patiently. In an overload, the lost
// requests have waited as long as those at the head, and once the newest goes
// first, nearly all of the waiting is that of requests which will be lost. The
// same measure tells when the overload is over: those that wait then stay until
// it is their turn.
//
// It counts slots instead of time, so that it fits a pool that serves thousands
// of requests a second as well as a pool that serves one a minute, and one slot
// counts for little: a thousand clients that leave together do not make an
// overload. TestSimulation shows why its numbers are what they are.
type overload struct {
	era uint64 // of the pool: see forgetOverload
	on  bool

	// Moving averages over the latest slots of the tenant:
	vain float64 // the part of the waiting that was in vain
	wait float64 // of all requests together during one slot, in seconds
	n    int     // slots in wait, if they are few

	// Since the latest slot:
	at     netloop.Time // the end of waited
	waited float64      // by all requests together, in seconds
	lost   float64      // by those that were lost
}

const (
	overloadWindow     = 100 // slots in vain
	overloadOverWindow = 40  // slots in vain during an overload, and in wait
	// An overload begins once so much of the waiting is in vain.
	overloadBegins = 0.17
	// It is over once only so much is. It begins with 1.
	overloadEnds = 0.18
	// maxVain bounds what is in vain during one slot, in parts of the average
	// wait.
	maxVain = 6
	// maxGrowth bounds the wait during one slot, in parts of the average, so that
	// a slot that takes very long does not distort the average for long.
	maxGrowth = 8
)

// count takes the wait of some requests into account, up to now.
func (o *overload) count(waiting int, now netloop.Time) {
	o.waited += float64(waiting) * now.Sub(o.at).Seconds()
	o.at = now
}

// slot takes into account that a request gets a slot. It reports whether so much
// is in vain that an overload begins, if free slots are rare.
func (o *overload) slot() (begins bool) {
	if o.n < overloadOverWindow {
		o.n++
	}
	if o.n > 1 {
		o.waited = min(o.waited, o.wait*maxGrowth)
	}
	o.wait += (o.waited - o.wait) / float64(o.n)
	part := 0.0
	if o.lost > 0 {
		part = min(o.lost/o.wait, maxVain)
	}
	window := 1. / overloadWindow
	if o.on {
		window = 1. / overloadOverWindow
	}
	o.vain = min(o.vain+(part-o.vain)*window, 1)
	o.waited, o.lost = 0, 0
	return !o.on && o.vain > overloadBegins
}

// A leisure is how often a request finds a free slot: the part of the latest
// slots or so that a request got without a wait. Where that happens, the loss of
// a request is no overload: the queue was long for a moment, and to serve it in
// order loses the least.
type leisure struct {
	free           float64
	claims, waited uint64 // the totals of Stats that are in free
}

const (
	leisureWindow = 40
	// An overload begins only if less than this part of what is in vain is free,
	// and ends if so much of all slots is.
	leisureBegins = 0.12
	leisureEnds   = 0.2
)

// observe takes the slots into account that have been granted since the last
// call. s has the totals.
func (l *leisure) observe(s *Stats) {
	waited := s.Waited - l.waited
	free := s.Claims - l.claims - waited
	l.claims, l.waited = s.Claims, s.Waited
	if free > 0 {
		l.free = 1 - (1-l.free)*math.Exp(-float64(free)/leisureWindow)
	}
	switch waited {
	case 0:
	case 1:
		l.free *= 1 - 1./leisureWindow
	default:
		l.free *= math.Exp(-float64(waited) / leisureWindow)
	}
}
