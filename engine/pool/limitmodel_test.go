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
// the limits, and that pools take turns.
type limitModel struct {
	t      testing.TB
	in     history
	now    netloop.Time
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
	latest  int // grant
	wants   int // the grants before it wanted a ticket; 0 = it does not
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
	m := &limitModel{t: t, in: in, now: 1, sizes: map[string]int{}, single: in(2) == 0}
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
	q.pool.clock = func() netloop.Time { return m.now }
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

func (m *limitModel) claim() {
	q := m.any()
	c := &limitClaim{of: q, claim: &Claim{Key: uint64(m.in(3)), Chosen: m.in(4) == 0}, task: &modelTask{now: &m.now}}
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
		m.resize, m.configure, m.reload, m.hold, m.replace, m.forget,
	}
}

// manyFrom is the index of the first step that can free several units.
const manyFrom = 16

func (m *limitModel) run(n int) {
	steps := m.steps()
	for range n {
		m.now += netloop.Time(time.Millisecond)
		step := m.in(len(steps))
		m.many = step >= manyFrom
		steps[step]()
		m.check()
	}
	m.many = true
	m.finishAll()
}

func (m *limitModel) check() {
	for _, q := range m.pools {
		q.waiting = slices.DeleteFunc(q.waiting, func(c *limitClaim) bool {
			require.True(m.t, c.claim.queue != nil || c.told || c.claim.err == ErrClosed, "a request is forgotten")
			return c.claim.queue == nil
		})
		wants := false
		for _, c := range q.waiting {
			q.pool.mu.Lock()
			w := q.pool.choose(c.claim)
			q.pool.mu.Unlock()
			if w == nil {
				continue
			}
			wants = true
			require.True(m.t, m.blocked(q), "a slot is free for a request that waits")
		}
		if len(q.group.Limits) > 0 {
			require.Equal(m.t, wants, q.pool.share.waits, "only those that want a slot wait in the ring")
			require.Equal(m.t, wants, q.pool.asked)
		}
		if m.many {
			q.latest, q.wants = 0, 0
		}
		if wants != (q.wants > 0) {
			q.wants = 0
			if wants {
				q.wants = m.grants + 1
			}
		}
	}
	known := map[string]bool{}
	for _, st := range m.limits.Status() {
		known[st.Name] = true
		require.Equal(m.t, m.inHand(st.Name), st.InHand, "limit %s", st.Name)
		require.Equal(m.t, m.sizes[st.Name], st.Size)
	}
	for _, q := range m.pools {
		for _, l := range q.group.Limits {
			if !q.closed || len(q.waiting) > 0 || m.inHand(l.Name) > 0 {
				require.True(m.t, known[l.Name], "limit %s lives as long as a pool or a request has it", l.Name)
				require.False(m.t, !q.closed && !q.pool.HasLimit(l.Name))
			}
		}
	}
	require.Empty(m.t, m.limits.told)
	for _, s := range m.limits.ring {
		require.True(m.t, s.waits)
		require.Zero(m.t, s.tickets)
		require.True(m.t, s.pool.asked)
	}
}

// blocked reports whether a limit of the pool has no unit for it.
func (m *limitModel) blocked(q *limitPool) bool {
	for _, l := range q.group.Limits {
		if m.inHand(l.Name) >= m.sizes[l.Name] {
			return true
		}
		for _, s := range m.limits.ring { // which a unit is kept for
			if s.pool != q.pool && s.passed >= maxSkipped && s.meets(&q.pool.share) {
				return true
			}
		}
	}
	return false
}

// finishAll ends everything: each request that waits gets its slot.
func (m *limitModel) finishAll() {
	for _, q := range m.pools {
		q.pool.Resume()
		if !q.closed && len(q.pool.workers) == 0 {
			m.fill(q, 1)
		}
	}
	m.check()
	for left := true; left; {
		left = false
		for _, q := range m.pools {
			for len(q.running) > 0 {
				left = true
				c := q.running[0]
				q.running = q.running[1:]
				c.claim.Release()
				m.check()
			}
		}
	}
	for _, q := range m.pools {
		require.Empty(m.t, q.waiting, "nobody is lost")
		require.Zero(m.t, q.pool.share.tickets)
	}
	require.Empty(m.t, m.limits.ring)
	for _, st := range m.limits.Status() {
		require.Zero(m.t, st.InHand)
	}
}

// TestLimitModel runs random histories.
func TestLimitModel(t *testing.T) {
	randomHistories(t, 200, 5, func(t *testing.T, in history) { newLimitModel(t, in).run(200) })
}

// FuzzLimitModel takes the history from the fuzzer's bytes.
func FuzzLimitModel(f *testing.F) {
	fuzzHistories(f, func(t *testing.T, in history, steps int) { newLimitModel(t, in).run(steps) })
}
