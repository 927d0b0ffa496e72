package pool

import (
	"container/heap"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A sim runs a pool in virtual time: requests arrive, workers finish, and
// clients give up. A client that gives up while a worker has its request wastes
// the slot, which the worker holds until it is done.
type sim struct {
	pool   *Pool
	now    netloop.Time
	events simEvents
	woken  []*simRequest
	before func() // each event, if not nil

	arrived, evicted, full int
	served                 []*simRequest // in the order in which they got a slot
	answered               []*simRequest
}

// A simRequest is a request of a sim, and the task that waits for it.
type simRequest struct {
	netloop.Task
	sim      *sim
	claim    Claim
	arrives  netloop.Time
	service  time.Duration
	patience time.Duration // 0 means no limit
	started  netloop.Time
	gone     bool
}

func (r *simRequest) Now() netloop.Time { return r.sim.now }

// Wake is called while the pool is locked.
func (r *simRequest) Wake() { r.sim.woken = append(r.sim.woken, r) }

type simEvent struct {
	at netloop.Time
	do func(*simRequest)
	r  *simRequest
}

// simEvents is a heap.
type simEvents []simEvent

func (h simEvents) Len() int           { return len(h) }
func (h simEvents) Less(i, j int) bool { return h[i].at < h[j].at }
func (h simEvents) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *simEvents) Push(x any)        { *h = append(*h, x.(simEvent)) }
func (h *simEvents) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	*h = (*h)[:last]
	return e
}

func newSim(g *plan.Group, servers int) *sim {
	s := &sim{pool: New(g)}
	s.pool.clock = func() netloop.Time { return s.now }
	for _, w := range addWorkers(s.pool, servers) {
		w.proven.Store(true)
	}
	return s
}

// add makes a request arrive.
func (s *sim) add(r *simRequest) {
	r.sim = s
	s.at(r.arrives, s.arrive, r)
}

func (s *sim) at(at netloop.Time, do func(*simRequest), r *simRequest) {
	heap.Push(&s.events, simEvent{at, do, r})
}

// run runs until nothing is left to do.
func (s *sim) run() {
	for len(s.events) > 0 {
		e := heap.Pop(&s.events).(simEvent)
		s.now = e.at
		if s.before != nil {
			s.before()
		}
		e.do(e.r)
		woken := s.woken
		s.woken = nil
		for _, r := range woken {
			switch {
			case r.claim.worker != nil:
				s.start(r)
			case r.claim.err != nil:
				s.evicted++
			}
		}
	}
}

func (s *sim) arrive(r *simRequest) {
	s.arrived++
	s.pool.mu.Lock()
	err := s.pool.enter(r, &r.claim, nil)
	s.pool.mu.Unlock()
	switch err {
	case nil:
		s.start(r)
	case ErrFull:
		s.full++
		return
	}
	if r.patience > 0 {
		s.at(s.now.Add(r.patience), s.giveUp, r)
	}
}

func (s *sim) start(r *simRequest) {
	r.started = s.now
	s.served = append(s.served, r)
	s.at(s.now.Add(r.service), s.finish, r)
}

func (s *sim) giveUp(r *simRequest) {
	r.gone = true
	if r.claim.queue != nil {
		s.pool.mu.Lock()
		s.pool.leave(&r.claim, netloop.ErrGone)
		s.pool.mu.Unlock()
	}
}

func (s *sim) finish(r *simRequest) {
	if !r.gone {
		s.answered = append(s.answered, r)
	}
	r.claim.Release()
}

// times returns how long the answered requests took, in order.
func (s *sim) times() []time.Duration {
	times := make([]time.Duration, 0, len(s.answered))
	for _, r := range s.answered {
		times = append(times, r.started.Add(r.service).Sub(r.arrives))
	}
	slices.Sort(times)
	return times
}

// TestBatchIsNoOverload: a long queue of requests that wait is served in order.
func TestBatchIsNoOverload(t *testing.T) {
	s := newSim(&plan.Group{MaxReqPerWorker: 1}, 2)
	const n = 1000
	for i := range netloop.Time(n) {
		r := &simRequest{arrives: 1 + i, service: time.Second}
		if i%20 == 19 {
			r.patience = time.Duration(i) * time.Second / 4 // a few clients leave
		}
		s.add(r)
	}
	s.run()
	require.Greater(t, len(s.answered), n*9/10)
	require.True(t, slices.IsSortedFunc(s.served, func(a, b *simRequest) int { return int(a.arrives - b.arrives) }))
}

// draws returns a random number generator that is the same in every run.
func draws() *rand.Rand { return rand.New(rand.NewPCG(16, 4)) }
