package pool

import (
	"maps"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// What must hold in a limitModel.

// check checks the pools and the limits after a step.
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
		m.checkSpan(q)
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
	_, due := m.taken(nil)
	require.Equal(m.t, due, m.clock.due(), "the alarm is for the end of what is kept")
}

// taken returns how many units of each limit are not free for a pool: those in
// hand, and those kept for pools whose turn comes before. due is the first end of
// what is kept, or 0. A nil pool comes after all.
func (m *limitModel) taken(p *Pool) (taken map[string]int, due netloop.Time) {
	taken = map[string]int{}
	for name := range m.sizes {
		taken[name] = m.inHand(name)
	}
	for _, s := range m.limits.ring {
		if s.pool == p {
			break
		}
		r := s.reserve
		for i := 0; r.skipped >= maxSkipped && m.clock.at < r.until && i < len(s.limits); i++ {
			name := s.limits[i].name
			if taken[name] >= m.sizes[name] {
				break
			}
			taken[name]++
			if due == 0 || r.until < due {
				due = r.until
			}
		}
	}
	return taken, due
}

// blocked reports whether a limit of the pool has no unit for it.
func (m *limitModel) blocked(q *limitPool) bool {
	taken, _ := m.taken(q.pool)
	return slices.ContainsFunc(q.group.Limits, func(l plan.Limit) bool { return taken[l.Name] >= m.sizes[l.Name] })
}

// checkSpan checks that units are kept for a pool for a bounded time, and then
// given to others for nine times as long, until the pool gets a slot.
func (m *limitModel) checkSpan(q *limitPool) {
	was, is := q.reserve, q.pool.share.reserve
	q.reserve = is
	if is.until == 0 || is.until == was.until {
		return
	}
	begun := is.until - netloop.Time(is.span)
	require.LessOrEqual(m.t, begun, m.clock.at)
	if was.until == 0 || is.since != was.since {
		require.Equal(m.t, min(max(begun.Sub(is.since), minSpan), maxSpan), is.span)
		return
	}
	require.GreaterOrEqual(m.t, begun.Sub(was.until), 9*was.span)
	require.Equal(m.t, min(2*was.span, maxSpan), is.span)
}

// demand lets a request of every pool wait at every moment, and the requests of
// each take as long as those of that pool do. It checks that each pool gets slots:
// none waits for ever, whatever units it needs and whoever has them, as long as
// they come free within the longest span.
func (m *limitModel) demand() {
	m.reopen()
	m.check()
	hungry := map[*limitPool]int{}
	for _, q := range m.pools {
		q.takes = []time.Duration{10 * time.Millisecond, 100 * time.Millisecond}[m.in(2)]
		switch {
		case !q.closed:
			hungry[q] = q.got + 3
		case len(q.waiting) > 0:
			hungry[q] = q.got + 1
		}
	}
	ends := map[*limitClaim]netloop.Time{}
	for end := m.clock.at.Add(2 * time.Minute); len(hungry) > 0; m.check() {
		require.Less(m.t, m.clock.at, end, "a pool starves")
		for _, q := range m.open() {
			if len(q.waiting) == 0 && len(q.running) < 8 { // it may have no limit
				m.claimOf(q)
			}
		}
		if c := m.firstOf(ends); c != nil {
			m.clock.advanceTo(ends[c])
			delete(ends, c)
			c.of.running = slices.DeleteFunc(c.of.running, func(other *limitClaim) bool { return other == c })
			c.claim.Release()
		}
		maps.DeleteFunc(hungry, func(q *limitPool, want int) bool { return q.got >= want })
	}
}

// firstOf returns the request in hand that ends first, and says when those end
// that have just begun.
func (m *limitModel) firstOf(ends map[*limitClaim]netloop.Time) (first *limitClaim) {
	for _, q := range m.pools {
		for _, c := range q.running {
			if ends[c] == 0 {
				ends[c] = m.clock.at.Add(time.Duration(1+m.in(20)) * q.takes)
			}
			if first == nil || ends[c] < ends[first] {
				first = c
			}
		}
	}
	return first
}

// reopen lets every pool that is not closed have a worker, and hand out slots.
func (m *limitModel) reopen() {
	for _, q := range m.pools {
		q.pool.Resume()
		if !q.closed && len(q.pool.workers) == 0 {
			m.fill(q, 1)
		}
	}
}

// finishAll ends everything: each request that waits gets its slot.
func (m *limitModel) finishAll() {
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
