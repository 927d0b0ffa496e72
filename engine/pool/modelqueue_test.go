package pool

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// The order of the model's queue.

// A modelGrant is a slot that the pool gave to a request in the queue.
type modelGrant struct {
	c      *modelClaim
	newest map[modelKey]bool // as in modelOrder, right afterwards
}

// A modelKey is who takes turns: a key at a priority.
type modelKey struct {
	priority int
	key      uint64
}

// A modelRow is a priority in a queue.
type modelRow struct {
	of       *modelWorker // nil is the queue for any worker
	priority int
}

// A modelTurn is what the model remembers of a key.
type modelTurn struct {
	latest uint64 // slot
	since  uint64 // the slots before the key had something in the queue
}

// modelOrder is the part of a model that is about order.
type modelOrder struct {
	grants  []modelGrant         // since the last check
	newest  map[modelKey]bool    // whether the newest was first at the last check
	slots   uint64               // granted in the queue
	passed  map[*modelWorker]int // by queue; nil is that of requests for any worker
	levels  map[modelRow]uint64  // the latest slot of a priority
	keys    map[modelKey]modelTurn
	ordered plan.Group // the plan that the queue is ordered by
}

func (m *model) priorityOf(c *modelClaim) int {
	if c.priority != nil {
		return *c.priority
	}
	return m.plan.Priority
}

func (m *model) fairKey(c *modelClaim) modelKey {
	k := modelKey{priority: m.priorityOf(c)}
	if m.plan.Fair.By != match.KeyNone {
		k.key = c.fair
	}
	return k
}

// reordered forgets what the pool need not remember after a new plan: what the
// keys at a priority have had.
func (m *model) reordered() {
	if m.ordered.Fair != m.plan.Fair {
		m.levels = map[modelRow]uint64{}
	}
	if m.ordered.Fair != m.plan.Fair || m.ordered.Priority != m.plan.Priority {
		m.keys = map[modelKey]modelTurn{}
	}
	m.ordered = m.plan
	m.arrivals()
}

// arrivals notes since when each key has something in the queue.
func (m *model) arrivals() {
	present := map[modelKey]bool{}
	for _, c := range m.waiting {
		if c.avoid == nil {
			present[m.fairKey(c)] = true
		}
	}
	for k := range present {
		turn := m.keys[k]
		if turn.since == 0 {
			turn.since = m.slots + 1
		}
		m.keys[k] = turn
	}
	for k, turn := range m.keys {
		if !present[k] {
			turn.since = 0
			m.keys[k] = turn
		}
	}
}

// takes goes through the slots that the pool has granted, in order, and checks
// each: the request must have been the next of those that could have had the
// slot.
func (m *model) takes() {
	for i, g := range m.grants {
		c := g.c
		w := m.workers[slices.IndexFunc(m.workers, func(w *modelWorker) bool { return w.worker == c.claim.Worker() })]
		m.checkNext(c, w, m.newest[m.fairKey(c)], g.newest[m.fairKey(c)])
		m.newest = g.newest
		m.granted(c)
		at := slices.Index(m.waiting, c)
		require.GreaterOrEqual(m.t, at, 0, "grant %d is for a request that waits", i)
		m.waiting = slices.Delete(m.waiting, at, at+1)
		m.arrivals()
	}
	m.grants = nil
	m.newest = m.newestNow()
}

// checkNext checks that c is the next request for a slot of w. If the newest
// goes first only before or only after, both orders are right.
func (m *model) checkNext(c *modelClaim, w *modelWorker, before, after bool) {
	var repeats []*modelClaim
	levels := map[int][]*modelClaim{}
	for _, other := range m.waiting {
		switch {
		case !m.canHave(other, w):
		case other.avoid != nil:
			repeats = append(repeats, other)
		default:
			levels[m.priorityOf(other)] = append(levels[m.priorityOf(other)], other)
		}
	}
	if len(repeats) > 0 {
		require.Same(m.t, repeats[0], c, "a repeated request goes first")
		return
	}
	priority := m.nextLevel(w, levels)
	require.Equal(m.t, priority, m.priorityOf(c), "the priority of request %d", c.order)
	m.slots++
	m.levels[modelRow{m.bound(c), priority}] = m.slots

	key := m.fairKey(c)
	turn := m.keys[key]
	var same []*modelClaim
	for _, other := range levels[priority] {
		k := m.fairKey(other)
		if k == key {
			same = append(same, other)
			continue
		}
		had := turn.latest > 0 && m.keys[k].since <= turn.latest && m.keys[k].latest < turn.latest
		require.False(m.t, had, "key %d has a second turn while key %d waits", key.key, k.key)
	}
	m.keys[key] = modelTurn{latest: m.slots, since: turn.since}

	oldest, newest := same[0], same[len(same)-1]
	old := m.now.Sub(oldest.claim.since) > maxAge
	switch {
	case before && after && !old:
		require.Same(m.t, newest, c, "the newest goes first")
	case !before && !after:
		require.Same(m.t, oldest, c, "first come, first served")
	default:
		require.Contains(m.t, []*modelClaim{oldest, newest}, c)
	}
}

// nextLevel returns the priority that has its turn for a slot of w, of those that
// can.
func (m *model) nextLevel(w *modelWorker, levels map[int][]*modelClaim) int {
	sorted := slices.SortedFunc(maps.Keys(levels), func(a, b int) int { return cmp.Compare(b, a) })
	rows := map[modelRow]bool{}
	var due []modelRow
	for _, q := range []*modelWorker{nil, w} {
		var low []modelRow
		for _, priority := range sorted {
			r := modelRow{q, priority}
			rows[r] = slices.ContainsFunc(levels[priority], func(c *modelClaim) bool { return m.bound(c) == q })
			if rows[r] && priority < sorted[0] {
				low = append(low, r)
			}
		}
		if len(low) > 0 {
			if m.passed[q]++; m.passed[q] >= 10 {
				due = append(due, low...)
			}
		}
	}
	if len(due) == 0 {
		return sorted[0]
	}
	next := slices.MinFunc(due, func(a, b modelRow) int {
		return cmp.Or(cmp.Compare(m.levels[a], m.levels[b]), cmp.Compare(b.priority, a.priority))
	})
	for _, q := range []*modelWorker{nil, w} {
		if rows[modelRow{q, next.priority}] {
			m.passed[q] = 0
		}
	}
	return next.priority
}

// canHave reports whether w can serve the request.
func (m *model) canHave(c *modelClaim, w *modelWorker) bool {
	if bound := m.bound(c); bound != nil {
		return bound == w
	}
	return c.avoid != w || len(m.workers) == 1
}

// checkFull checks what the pool did with a request that found the queue full:
// it refused it, or evicted another for it.
func (m *model) checkFull(c *modelClaim, err error) {
	expendable := m.expendable(c)
	if len(expendable) == 0 {
		require.ErrorIs(m.t, err, ErrFull)
		return
	}
	require.ErrorIs(m.t, err, ErrBusy)
	evicted := 0
	m.waiting = slices.DeleteFunc(m.waiting, func(other *modelClaim) bool {
		if other.claim.queue != nil {
			return false
		}
		require.ErrorIs(m.t, other.claim.err, ErrEvicted)
		require.Contains(m.t, expendable, other)
		require.NotZero(m.t, other.task.wakes)
		evicted++
		return true
	})
	require.Equal(m.t, 1, evicted)
}

// expendable returns the requests of which the pool evicts one for c, or nil.
func (m *model) expendable(c *modelClaim) []*modelClaim {
	keys := map[modelKey][]*modelClaim{}
	low := 1000
	for _, other := range m.waiting {
		if other.avoid == nil {
			low = min(low, m.priorityOf(other))
		}
	}
	if low > m.priorityOf(c) {
		return nil
	}
	for _, other := range slices.Concat(m.waiting, []*modelClaim{c}) {
		if k := m.fairKey(other); other.avoid == nil && k.priority == low {
			keys[k] = append(keys[k], other)
		}
	}
	most := 0
	for _, all := range keys {
		most = max(most, len(all))
	}
	key := m.fairKey(c)
	if own := keys[key]; key.priority == low && len(own) == most {
		if m.newest[key] && len(own) > 1 {
			return own[:1]
		}
		return nil
	}
	var out []*modelClaim
	for k, all := range keys {
		switch {
		case len(all) < most:
		case m.newest[k]:
			out = append(out, all[0])
		default:
			out = append(out, all[len(all)-1])
		}
	}
	return out
}

// newestNow returns for which keys the newest goes first in the pool.
func (m *model) newestNow() map[modelKey]bool {
	out := map[modelKey]bool{}
	m.tenants(func(k modelKey, t *tenant) { out[k] = m.pool.newestFirst(t) })
	return out
}

// tenants calls f with each tenant of the pool, in order.
func (m *model) tenants(f func(modelKey, *tenant)) {
	for _, l := range m.pool.levels {
		if l.common != nil {
			f(modelKey{l.priority, 0}, l.common)
		}
		for _, key := range slices.Sorted(maps.Keys(l.tenants)) {
			f(modelKey{l.priority, key}, l.tenants[key])
		}
	}
}

// overload begins or ends overloads of keys.
func (m *model) overload() {
	m.pool.mu.Lock()
	m.tenants(func(_ modelKey, t *tenant) { setOverload(m.pool, t, m.pool.adaptive && m.in(2) == 0) })
	m.pool.mu.Unlock()
	m.newest = m.newestNow()
}

// wait lets some time pass.
func (m *model) wait() { m.now = m.now.Add(time.Duration(m.in(8)) * time.Second) }
