package pool

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A limitModel is several pools that share limits, and histories in which they
// do everything that can move a unit of a limit. After each step it checks that
// the limits hold exactly, that no slot is free that a request could take with
// the limits, that pools take turns, and that nothing is kept for one for long.
type limitModel struct {
	t      testing.TB
	in     history
	clock  *fakeClock
	sizes  map[string]int
	limits Limits
	pools  []*limitPool
	grants int
	single bool // every pool has the one limit
	many   bool // the step can free several units, whose turns are not in the order of their use
}

// A limitPool is a pool of a limitModel.
type limitPool struct {
	pool    *Pool
	group   plan.Group
	waiting []*limitClaim
	running []*limitClaim
	latest  int           // of m.grants
	got     int           // grants
	wants   int           // the grants before it wanted a ticket; 0 = it does not
	reserve reserve       // at the last check
	takes   time.Duration // the unit of how long a request is in hand, in demand
	closed  bool
}

type limitClaim struct {
	of    *limitPool
	claim *Claim
	task  *modelTask
	told  bool
	has   map[string]bool // the limits that it counts for, once it has a slot
}

var limitNames = []string{"a", "b", "c"}

func newLimitModel(t testing.TB, in history) *limitModel {
	m := &limitModel{t: t, in: in, sizes: map[string]int{}, single: in(2) == 0}
	m.clock = withClock(&m.limits)
	for _, name := range limitNames {
		m.sizes[name] = 1 + in(3)
	}
	for range 2 + in(3) {
		m.addPool()
	}
	return m
}

func (m *limitModel) addPool() {
	q := &limitPool{}
	q.group = m.settings(q)
	q.pool = NewWith(&q.group, &m.limits)
	q.pool.clock = m.clock.now
	m.pools = append(m.pools, q)
	m.fill(q, 1+m.in(2))
}

// settings returns other settings for a pool.
func (m *limitModel) settings(*limitPool) plan.Group {
	g := plan.Group{Name: "p", MaxReqPerWorker: m.in(3), Queue: plan.DisciplineFIFO}
	switch {
	case m.single:
		g.Limits = []plan.Limit{m.limit("a")}
	case m.in(6) > 0:
		for _, name := range limitNames {
			if m.in(2) == 0 {
				g.Limits = append(g.Limits, m.limit(name))
			}
		}
	}
	return g
}

func (m *limitModel) limit(name string) plan.Limit {
	return plan.Limit{Name: name, Size: m.sizes[name]}
}

func (m *limitModel) fill(q *limitPool, n int) {
	var add []*Worker
	for i := range n {
		add = append(add, NewWorker(i, i, ""))
	}
	q.pool.Swap(add, slices.Clone(q.pool.workers))
}

// any returns one of the pools that are not closed.
func (m *limitModel) any() *limitPool { return pick(m.in, m.open()) }

func (m *limitModel) open() []*limitPool {
	return slices.DeleteFunc(slices.Clone(m.pools), func(q *limitPool) bool { return q.closed })
}

// granted checks a slot that a request has just got.
func (m *limitModel) granted(c *limitClaim) {
	if c.told {
		return
	}
	c.told = true
	q := c.of
	m.grants++
	q.got++
	c.has = map[string]bool{}
	q.running = append(q.running, c)
	for _, l := range q.group.Limits {
		c.has[l.Name] = true
		require.LessOrEqual(m.t, m.inHand(l.Name), m.sizes[l.Name], "limit %s", l.Name)
	}
	for _, other := range m.pools {
		if !m.single || m.many || other == q || other.wants == 0 || !other.pool.share.waits {
			continue
		}
		second := q.latest >= other.wants && other.latest < q.latest
		require.False(m.t, second, "a second turn while another pool waits")
	}
	q.latest = m.grants
}

// inHand returns what really is in hand of a limit.
func (m *limitModel) inHand(name string) (n int) {
	for _, q := range m.pools {
		for _, c := range q.running {
			if c.has[name] {
				n++
			}
		}
	}
	return n
}

func (m *limitModel) claim() { m.claimOf(m.any()) }

// claimOf makes a new request of a pool.
func (m *limitModel) claimOf(q *limitPool) {
	c := &limitClaim{of: q, claim: &Claim{Key: uint64(m.in(3)), Chosen: m.in(4) == 0}, task: &modelTask{now: &m.clock.at}}
	c.task.told = func() {
		if c.claim.worker != nil {
			m.granted(c)
		}
	}
	err := q.pool.enterNow(c.task, c.claim, nil, func(err error) {
		if err == nil {
			m.granted(c)
		}
	})
	if err != nil {
		require.ErrorIs(m.t, err, ErrBusy)
		q.waiting = append(q.waiting, c)
	}
}

func (m *limitModel) finish() {
	if c := pull(m.in, &pick(m.in, m.pools).running); c != nil {
		c.claim.Release()
	}
}

func (m *limitModel) upgrade() {
	if c := pick(m.in, pick(m.in, m.pools).running); c != nil && !c.claim.tunnel {
		c.claim = c.claim.ToTunnel()
	}
}

func (m *limitModel) leave() {
	if c := pull(m.in, &pick(m.in, m.pools).waiting); c != nil {
		c.of.pool.leaveNow(c.claim, netloop.ErrGone)
	}
}

func (m *limitModel) resize() {
	name := limitNames[m.in(len(limitNames))]
	m.sizes[name] = 1 + m.in(4)
	m.limits.Configure(&plan.Plan{Groups: []*plan.Group{{Limits: []plan.Limit{m.limit("a"), m.limit("b"), m.limit("c")}}}})
}

func (m *limitModel) configure() {
	q := m.any()
	q.group = m.settings(q)
	for _, c := range q.running {
		for _, l := range q.group.Limits {
			c.has[l.Name] = true
		}
	}
	next := q.group
	q.pool.Configure(&next)
}

// forget applies a plan that has only some of the limits.
func (m *limitModel) forget() {
	var named []plan.Limit
	for _, name := range limitNames {
		if m.in(3) == 0 {
			named = append(named, m.limit(name))
		}
	}
	m.limits.Configure(&plan.Plan{Groups: []*plan.Group{{Limits: named}}})
}

// wait lets time pass, in which what is kept for a pool can be given to others.
func (m *limitModel) wait() { m.clock.advance(time.Duration(1+m.in(10)) * 50 * time.Millisecond) }

func (m *limitModel) reload() { m.fill(m.any(), m.in(4)) }

func (m *limitModel) hold() {
	q := m.any()
	if !q.pool.Hold() {
		q.pool.Resume()
	}
}

// replace removes a group and adds another.
func (m *limitModel) replace() {
	q := m.any()
	q.closed = true
	q.pool.Close()
	m.addPool()
}

func (m *limitModel) steps() []func() {
	return []func(){
		m.claim, m.claim, m.claim, m.claim, m.claim, m.claim, m.claim, m.claim,
		m.finish, m.finish, m.finish, m.finish, m.finish, m.finish,
		m.upgrade, m.leave,
		m.wait, m.resize, m.configure, m.reload, m.hold, m.replace, m.forget,
	}
}

// manyFrom is the index of the first step that can free several units.
const manyFrom = 16

func (m *limitModel) run(n int) {
	steps := m.steps()
	for range n {
		step := m.in(len(steps))
		m.many = step >= manyFrom
		m.clock.advance(time.Millisecond)
		steps[step]()
		m.check()
	}
	m.many = true
	m.demand()
	m.finishAll()
}

// TestLimitModel runs random histories.
func TestLimitModel(t *testing.T) {
	randomHistories(t, 200, 5, func(t *testing.T, in history) { newLimitModel(t, in).run(200) })
}

// FuzzLimitModel takes the history from the fuzzer's bytes.
func FuzzLimitModel(f *testing.F) {
	fuzzHistories(f, func(t *testing.T, in history, steps int) { newLimitModel(t, in).run(steps) })
}
