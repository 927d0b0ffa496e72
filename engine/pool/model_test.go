package pool

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A modelClaim is a request as the model sees it.
type modelClaim struct {
	claim    *Claim
	task     *modelTask
	order    int
	key      uint64
	seat     int          // as in Claim
	home     *modelWorker // likewise
	priority *int         // likewise
	fair     uint64       // likewise
	avoid    *modelWorker
	on       *modelWorker // nil while waiting
	tunnel   *Claim       // instead of claim
	limited  bool         // it is in hand, and counts for the limit
	again    bool         // it has given a slot back
}

func (c *modelClaim) held() *Claim {
	if c.tunnel != nil {
		return c.tunnel
	}
	return c.claim
}

type modelWorker struct {
	worker            *Worker
	requests, tunnels int
	proven, gone      bool
	doubted           bool
	joining           bool
	unended           int
}

func (w *modelWorker) busy() int { return w.requests + w.tunnels }

// A model is a pool written as simply as possible, run beside the real one.
// After each step it goes through the decisions of the pool, and checks each
// against the rules.
type model struct {
	t       testing.TB
	in      history
	pool    *Pool
	now     netloop.Time
	plan    plan.Group
	workers []*modelWorker
	retired []*modelWorker
	waiting []*modelClaim // in order of arrival
	running []*modelClaim
	aside   []*modelClaim // those that have given their slot back
	orders  int
	indexes int
	held    bool
	failed  bool
	closed  bool
	limit   int // its size
	limits  Limits
	modelOrder
}

func newModel(t testing.TB, in history) *model {
	m := &model{t: t, in: in, now: 1}
	m.keys, m.levels, m.passed = map[modelKey]modelTurn{}, map[modelRow]uint64{}, map[*modelWorker]int{}
	m.plan = plan.Group{Name: "p", MaxReqPerWorker: in(4)}
	m.pool = NewWith(&m.plan, &m.limits)
	m.pool.clock = func() netloop.Time { return m.now }
	m.indexes = 1 + in(4)
	m.resizeLimit()
	m.add(m.missing())
	return m
}

// steps returns what can happen, repeated by how often it should happen.
func (m *model) steps() []func() {
	return []func(){
		m.claim, m.claim, m.claim, m.claim, m.claim, m.claim,
		m.finish, m.finish, m.finish, m.finish,
		m.answer, m.answer, m.upgrade, m.abort, m.timeOut, m.repeat,
		m.configure, m.reload, m.resize, m.kill, m.restart, m.hold, m.fail,
		m.giveBack, m.goOn, m.goOn,
		m.doubt, m.trust, m.overload, m.wait, m.resizeLimit,
	}
}

func (m *model) run(n int) {
	steps := m.steps()
	for range n {
		m.now += netloop.Time(time.Millisecond)
		steps[m.in(len(steps))]()
		m.check()
	}
	m.finishAll()
}

// claim makes a new request.
func (m *model) claim() {
	m.orders++
	c := &modelClaim{claim: &Claim{}, task: &modelTask{now: &m.now}, order: m.orders, key: uint64(m.in(6)), fair: uint64(m.in(4))}
	if p := m.in(6) - 3; p <= 0 {
		c.priority = &p
	}
	c.task.told = func() {
		if c.claim.worker != nil && !slices.ContainsFunc(m.grants, func(g modelGrant) bool { return g.c == c }) {
			m.grants = append(m.grants, modelGrant{c, m.newestNow()})
		}
	}
	switch m.in(6) {
	case 1:
		c.seat = 1 + m.in(6)
	case 2:
		if all := slices.Concat(m.workers, m.retired); len(all) > 0 {
			c.home = all[m.in(len(all))]
		}
	}
	m.enter(c)
}

// enter makes the request ask for a slot, and checks the answer.
func (m *model) enter(c *modelClaim) {
	var avoid *Worker
	if c.avoid != nil {
		avoid = c.avoid.worker
	}
	c.claim.Again = c.again
	c.claim.Key, c.claim.Seat, c.claim.Priority, c.claim.Fair = c.key, c.seat, c.priority, c.fair
	if c.home != nil {
		c.claim.Home = c.home.worker
	}
	full := c.avoid == nil && m.plan.QueueLimit > 0 && len(m.waiting) >= m.plan.QueueLimit
	m.pool.mu.Lock()
	m.pool.settle(m.now) // as enter does first
	m.newest = m.newestNow()
	m.pool.mu.Unlock()
	err := m.pool.enterNow(c.task, c.claim, avoid, nil)
	switch {
	case m.closed:
		require.ErrorIs(m.t, err, ErrClosed)
	case m.failed && len(m.workers) == 0:
		require.ErrorIs(m.t, err, ErrFailed)
	case len(m.best(c)) > 0:
		require.NoError(m.t, err)
		m.granted(c)
	case full:
		m.checkFull(c, err)
	default:
		require.ErrorIs(m.t, err, ErrBusy)
	}
	if err == ErrBusy {
		m.waiting = append(m.waiting, c)
		slices.SortFunc(m.waiting, func(a, b *modelClaim) int { return a.order - b.order })
	}
}

// best returns the workers that the request may get now, all of which are
// equally good.
func (m *model) best(c *modelClaim) []*modelWorker {
	if m.held || m.limitIsFull() {
		return nil
	}
	avoid := c.avoid
	if len(m.workers) == 1 {
		avoid = nil
	}
	if bound := m.bound(c); bound != nil {
		if m.hasSlot(bound) {
			return []*modelWorker{bound}
		}
		return nil
	}
	if m.gentle() {
		return m.bestGently(avoid)
	}
	var best []*modelWorker
	for _, w := range m.workers {
		if w == avoid || !m.hasSlot(w) {
			continue
		}
		if len(best) > 0 && m.rank(w) > m.rank(best[0]) {
			continue
		}
		if len(best) > 0 && m.rank(w) < m.rank(best[0]) {
			best = nil
		}
		best = append(best, w)
	}
	return best
}

// limitIsFull reports whether so many requests are in hand as the limit of the
// group says, which no other group has.
func (m *model) limitIsFull() bool { return len(m.plan.Limits) > 0 && m.limited() >= m.limit }

// limited returns how many requests in hand count for the limit: those that got
// their slot while the group had it, and those in hand when it got it.
func (m *model) limited() (n int) {
	for _, c := range m.running {
		if c.limited {
			n++
		}
	}
	return n
}

// own returns the worker of the request's home or seat, or nil.
func (m *model) own(c *modelClaim) (own *modelWorker) {
	for _, w := range m.workers {
		if w == c.home {
			return w
		}
		if w.worker.Index == c.seat-1 {
			own = w
		}
	}
	return own
}

// bound returns the worker that the request is for, or nil.
func (m *model) bound(c *modelClaim) *modelWorker {
	if own := m.own(c); own != nil {
		return own
	}
	if c.seat != 0 || m.plan.Sticky.Key.By == match.KeyNone || c.key == 0 {
		return nil
	}
	if len(m.workers) == 1 {
		return m.workers[0]
	}
	return m.home(c.key, c.avoid)
}

// home returns the worker of the key as the rule defines it: the worker whose
// index has the highest score.
func (m *model) home(key uint64, avoid *modelWorker) *modelWorker {
	var best *modelWorker
	for _, w := range m.workers {
		if w == avoid {
			continue
		}
		if best == nil || mix(key^salt(w.worker.Index)) >= mix(key^salt(best.worker.Index)) {
			best = w
		}
	}
	return best
}

func (m *model) hasSlot(w *modelWorker) bool {
	return !w.doubted && (m.plan.MaxReqPerWorker == 0 || w.busy() < m.plan.MaxReqPerWorker)
}

func (m *model) rank(w *modelWorker) int {
	rank := w.busy()
	if m.plan.Balance == plan.BalanceRoundRobin {
		rank = 0
	}
	if !w.proven && w.busy() >= freshSlots {
		rank += 1 << 20
	}
	return rank
}

// granted records that the pool has given the request a slot, which must be on
// one of the best workers and below the cap.
func (m *model) granted(c *modelClaim) {
	i := slices.IndexFunc(m.workers, func(w *modelWorker) bool { return w.worker == c.claim.Worker() })
	require.GreaterOrEqual(m.t, i, 0, "a worker of the pool")
	w := m.workers[i]
	require.Contains(m.t, m.best(c), w, "request %d is on worker %d", c.order, w.worker.Index)
	w.requests++
	m.counted(w)
	c.on, c.limited = w, len(m.plan.Limits) > 0
	m.running = append(m.running, c)
	if cap := m.plan.MaxReqPerWorker; cap > 0 {
		require.LessOrEqual(m.t, w.busy(), cap, "the cap")
	}
}

// check goes through the slots that requests in the queue got: each must have
// been the next for it, and no other may be entitled to a slot. Then it compares
// the counts.
func (m *model) check() {
	m.takes()
	var still []*modelClaim
	for _, c := range m.waiting {
		switch {
		case c.claim.queue != nil:
			require.Nil(m.t, c.claim.Worker())
			still = append(still, c)
			require.Empty(m.t, m.best(c), "request %d waits", c.order)
		case c.claim.err != nil:
			require.True(m.t, m.closed || m.failed, "%v", c.claim.err)
			require.Empty(m.t, m.workers)
			require.NotZero(m.t, c.task.wakes)
		default:
			require.Fail(m.t, "a request with a slot is not told", "%d", c.order)
		}
	}
	m.waiting = still
	m.arrivals()
	s := m.pool.Stats()
	require.Equal(m.t, len(m.waiting), s.Queued)
	require.Equal(m.t, len(m.workers), s.Ready)
	requests, tunnels := 0, 0
	for _, w := range slices.Concat(m.workers, m.retired) {
		gotRequests, gotTunnels := w.worker.InFlight()
		require.Equal(m.t, []int{w.requests, w.tunnels}, []int{gotRequests, gotTunnels})
		requests, tunnels = requests+w.requests, tunnels+w.tunnels
		require.Equal(m.t, w.gone && w.busy() == 0, isClosed(w.worker.Drained()))
		require.Equal(m.t, w.gone && w.requests == 0, isClosed(w.worker.RequestsDone()))
	}
	require.Equal(m.t, []int{requests, tunnels}, []int{s.Requests, s.Tunnels})
	for _, l := range m.limits.Status() {
		require.Equal(m.t, LimitStatus{"l", m.limit, m.limited(), l.Waiting}, l)
	}
	require.Equal(m.t, m.closed && len(m.waiting) == 0, isClosed(m.pool.Empty()))
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// finishAll ends the pool: every waiting request is served, and every count
// ends at zero.
func (m *model) finishAll() {
	m.trust()
	if len(m.workers) == 0 {
		m.add(m.missing())
		m.check()
	}
	m.closed, m.held = true, false
	m.pool.Close()
	m.check()
	for len(m.running) > 0 {
		if m.in(4) == 3 {
			m.abort()
		} else {
			m.finish()
		}
		m.check()
	}
	require.Empty(m.t, m.waiting, "nobody is lost")
	m.swap(nil, slices.Clone(m.workers))
	m.check()
	s := m.pool.Stats()
	require.Zero(m.t, s.Requests+s.Tunnels+s.Queued)
	require.Empty(m.t, m.pool.queue.appendTo(nil))
	require.Zero(m.t, m.pool.free.n+m.pool.joining.n+m.pool.fresh.n)
}

// TestModel runs random histories against the model.
func TestModel(t *testing.T) {
	randomHistories(t, 40, 4, func(t *testing.T, in history) { newModel(t, in).run(200) })
}

// FuzzModel takes the history from the fuzzer's bytes.
func FuzzModel(f *testing.F) {
	fuzzHistories(f, func(t *testing.T, in history, steps int) { newModel(t, in).run(steps) })
}
