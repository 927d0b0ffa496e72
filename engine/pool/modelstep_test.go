package pool

import (
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// The steps of a model's history other than a new request.

func (m *model) finish() {
	if c := pull(m.in, &m.running); c != nil {
		m.release(c)
	}
}

func (m *model) release(c *modelClaim) {
	if c.tunnel != nil {
		c.on.tunnels--
	} else {
		c.on.requests--
	}
	c.on.unended = 0
	c.on = nil
	c.held().Release()
	c.held().Release() // a second release does nothing
}

func (m *model) answer() {
	if c := pick(m.in, m.running); c != nil && c.tunnel == nil {
		c.on.proven = true
		c.claim.Answered()
	}
}

func (m *model) upgrade() {
	if c := pick(m.in, m.running); c != nil && c.tunnel == nil {
		c.on.proven = true
		c.on.requests--
		c.on.tunnels++
		c.tunnel = c.claim.ToTunnel()
	}
}

// repeat repeats a request whose worker has failed.
func (m *model) repeat() {
	c := pull(m.in, &m.running)
	if c == nil {
		return
	}
	failed := c.on
	m.release(c)
	m.check()
	if c.tunnel == nil {
		c.avoid = failed
		m.enter(c)
	}
}

// giveBack gives back a slot that was not used.
func (m *model) giveBack() {
	c := pull(m.in, &m.running)
	switch {
	case c == nil:
	case c.tunnel != nil || c.avoid != nil:
		m.running = append(m.running, c)
	default:
		c.on.requests--
		c.on.unended = 0
		c.on, c.again = nil, true
		c.claim.GiveBack()
		m.aside = append(m.aside, c)
	}
}

// goOn claims another slot for a request that has given one back.
func (m *model) goOn() {
	if c := pull(m.in, &m.aside); c != nil {
		m.enter(c)
	}
}

// abort makes a client leave the queue.
func (m *model) abort() { m.drop(netloop.ErrGone) }

func (m *model) timeOut() { m.drop(netloop.ErrTimeout) }

func (m *model) drop(err error) {
	if c := pull(m.in, &m.waiting); c != nil {
		m.pool.leaveNow(c.claim, err)
	}
}

func (m *model) configure() {
	m.plan.MaxReqPerWorker = m.in(4)
	m.plan.QueueLimit = m.in(3) * 3
	m.plan.Balance = []plan.Balance{plan.BalanceLeastBusy, plan.BalanceRoundRobin}[m.in(2)]
	m.plan.Sticky.Key = []match.Key{{}, {By: match.KeyClientIP}}[m.in(2)]
	m.plan.QueueTimeout = time.Duration(m.in(2)) * time.Second
	m.plan.Queue = []plan.Discipline{plan.DisciplineAdaptive, plan.DisciplineFIFO, plan.DisciplineAdaptive}[m.in(3)]
	m.plan.Fair = []match.Key{{}, byIP}[m.in(2)]
	m.plan.Priority = -m.in(3)
	m.plan.Limits = nil
	if m.in(2) == 1 {
		m.plan.Limits = []plan.Limit{{Name: "l", Size: m.limit}}
		for _, c := range m.running {
			c.limited = true
		}
	}
	for _, w := range m.workers {
		w.joining = w.joining && m.gentle()
	}
	next := m.plan
	m.pool.Configure(&next)
	m.newest = m.newestNow()
	m.reordered()
}

// resizeLimit changes the size of the limit, which the group may not have.
func (m *model) resizeLimit() {
	m.limit = 1 + m.in(6)
	m.limits.Configure(&plan.Plan{Groups: []*plan.Group{{Limits: []plan.Limit{{Name: "l", Size: m.limit}}}}})
}

// missing returns a new worker for each index that has none.
func (m *model) missing() []*modelWorker {
	var out []*modelWorker
	for i := range m.indexes {
		if !slices.ContainsFunc(m.workers, func(w *modelWorker) bool { return w.worker.Index == i }) {
			out = append(out, &modelWorker{worker: NewWorker(i, i, "")})
		}
	}
	return out
}

func (m *model) add(add []*modelWorker) { m.swap(add, nil) }

func (m *model) swap(add, remove []*modelWorker) {
	m.welcome(add, remove)
	m.workers = append(m.workers, add...)
	m.failed = m.failed && len(add) == 0
	for _, w := range remove {
		w.gone = true
		m.retired = append(m.retired, w)
	}
	m.workers = slices.DeleteFunc(m.workers, func(w *modelWorker) bool { return w.gone })
	m.pool.Swap(realOf(add), realOf(remove))
}

func realOf(workers []*modelWorker) []*Worker {
	var out []*Worker
	for _, w := range workers {
		out = append(out, w.worker)
	}
	return out
}

// reload replaces every worker by one with the same index.
func (m *model) reload() {
	old := slices.Clone(m.workers)
	var fresh []*modelWorker
	for i := range m.indexes {
		fresh = append(fresh, &modelWorker{worker: NewWorker(i, i, "")})
	}
	m.swap(fresh, old)
}

func (m *model) resize() {
	m.indexes = 1 + m.in(5)
	var much []*modelWorker
	for _, w := range m.workers {
		if w.worker.Index >= m.indexes {
			much = append(much, w)
		}
	}
	m.swap(m.missing(), much)
}

func (m *model) kill() {
	if w := pick(m.in, m.workers); w != nil {
		m.swap(nil, []*modelWorker{w})
	}
}

// doubt breaks a connection to a worker; trust lets a dial succeed.
func (m *model) doubt() {
	if c := pick(m.in, m.running); c != nil {
		c.on.doubted = true
		c.on.worker.Doubt()
	}
}

func (m *model) trust() {
	for _, w := range slices.Concat(m.workers, m.retired) {
		if w.doubted {
			w.doubted = false
			w.worker.Trust()
			m.check()
		}
	}
}

func (m *model) restart() { m.add(m.missing()) }

func (m *model) hold() {
	if m.held = !m.held; m.held {
		m.pool.Hold()
	} else {
		m.pool.Resume()
	}
	require.Equal(m.t, m.held, !m.pool.Stats().Held.IsZero())
}

// fail marks the pool as failed once all workers are gone.
func (m *model) fail() {
	if len(m.workers) == 0 {
		m.failed = true
		m.pool.SetFailed(true)
	}
}
