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
	then     func() // when it is done, if not nil
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
	if r.then != nil {
		r.then()
	}
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

// load adds n requests that arrive at random moments, at a load in parts of the
// capacity of one server that takes simMean for each. It returns when the last
// one arrives.
func (s *sim) load(from netloop.Time, n int, load float64, shape simRequest) netloop.Time {
	rng, at := draws(), from
	for range n {
		at = at.Add(1 + time.Duration(rng.ExpFloat64()*float64(simMean)/load))
		r := shape
		r.arrives, r.service = at, simMean
		s.add(&r)
	}
	return at
}

// TestFullQueueInAnOverload: a queue that is shorter than the clients' patience
// never is overloaded. A longer one evicts the oldest, and loses no capacity.
func TestFullQueueInAnOverload(t *testing.T) {
	for _, c := range []struct {
		limit   int
		evicts  bool
		goodput float64
		median  time.Duration
	}{
		{20, false, 0.99, 21 * simMean},
		{60, true, 0.95, 3 * simMean},
	} {
		s := newSim(&plan.Group{MaxReqPerWorker: 1, QueueLimit: c.limit}, 1)
		end := s.load(1, 20000, 4, simRequest{patience: 2 * time.Second})
		s.run()
		require.Equal(t, c.evicts, s.evicted > 0, "%d: %d evicted, %d refused", c.limit, s.evicted, s.full)
		require.Greater(t, float64(len(s.answered))*float64(simMean)/float64(end), c.goodput, c.limit)
		times := s.times()
		require.LessOrEqual(t, times[len(times)/2], c.median, c.limit)
	}
}

// TestOverloadPasses: once there is less to do, the order is first come, first
// served again.
func TestOverloadPasses(t *testing.T) {
	s := newSim(&plan.Group{MaxReqPerWorker: 1}, 1)
	busy := s.load(1, 2000, 3, simRequest{patience: 2 * time.Second})
	var overloaded, later bool
	calm := busy.Add(20 * time.Second)
	s.load(busy, 4000, 0.8, simRequest{patience: 10 * time.Second})
	s.before = func() {
		overloaded = overloaded || s.now < busy && s.pool.overloaded()
		later = later || s.now > calm && s.pool.overloaded()
	}
	s.run()
	require.True(t, overloaded)
	require.False(t, later)
	var last netloop.Time
	for _, r := range s.served {
		if r.arrives > calm {
			require.Greater(t, r.arrives, last)
			last = r.arrives
		}
	}
}
