package pool

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A lineup is a pool with one slot, which is taken, and requests that wait for
// it.
type lineup struct {
	t       *testing.T
	pool    *Pool
	now     netloop.Time
	running *Claim
	names   map[*Claim]string
	evicted []string
	woken   []*Claim
}

// lineupTask is the task of a request in a lineup.
type lineupTask struct {
	netloop.Task
	l *lineup
	c *Claim
}

func (t *lineupTask) Now() netloop.Time { return t.l.now }
func (t *lineupTask) Wake()             { t.l.woken = append(t.l.woken, t.c) }

func newLineup(t *testing.T, g plan.Group) *lineup {
	g.MaxReqPerWorker = 1
	l := &lineup{t: t, pool: New(&g), now: 1, names: map[*Claim]string{}}
	l.pool.clock = func() netloop.Time { return l.now }
	addWorkers(l.pool, 1)
	l.running = new(Claim)
	require.NoError(t, l.pool.TryClaim(l.running, nil))
	return l
}

// enter makes a request ask for a slot.
func (l *lineup) enter(name string, c Claim) error {
	claim := &c
	l.names[claim] = name
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	err := l.pool.enter(&lineupTask{l: l, c: claim}, claim, nil)
	l.told()
	return err
}

// add makes a request wait.
func (l *lineup) add(name string, c Claim) {
	l.t.Helper()
	require.ErrorIs(l.t, l.enter(name, c), ErrBusy)
}

// told goes through the requests that have been woken.
func (l *lineup) told() {
	for _, c := range l.woken {
		switch {
		case c.err != nil:
			l.evicted = append(l.evicted, l.names[c])
		case c.worker != nil:
			l.running = c
		}
	}
	l.woken = nil
}

// next ends the request that runs, and returns the one that gets its slot.
func (l *lineup) next() string {
	done := l.running
	l.running = nil
	done.Release()
	l.told()
	if l.running == nil {
		return ""
	}
	return l.names[l.running]
}

// order returns the names of the next n requests.
func (l *lineup) order(n int) string {
	out := ""
	for range n {
		out += l.next()
	}
	return out
}

// leave makes the request with the name leave the queue.
func (l *lineup) leave(name string, err error) {
	for c, n := range l.names {
		if n == name && c.queue != nil {
			l.pool.mu.Lock()
			l.pool.leave(c, err)
			l.pool.mu.Unlock()
			return
		}
	}
	require.Fail(l.t, "does not wait", name)
}

// overload makes the pool overloaded, for a key.
func (l *lineup) overload(key uint64) {
	setOverload(l.pool, l.pool.tenant(l.pool.level(l.pool.priority), &Claim{Fair: key}), true)
}

// setOverload begins or ends an overload of a tenant.
func setOverload(p *Pool, t *tenant, on bool) {
	o := p.overload(t)
	if o.on != on {
		o.on = on
		p.overloads--
		if on {
			p.overloads += 2
		}
	}
	o.vain = 0
	if on {
		o.vain = 1
	}
	o.n, o.wait = overloadOverWindow, 1
}
