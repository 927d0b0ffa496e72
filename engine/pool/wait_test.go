package pool

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestQueueLimit(t *testing.T) {
	p := New(&plan.Group{MaxReqPerWorker: 1, QueueLimit: 2})
	ws := addWorkers(p, 1)
	var first Claim
	require.NoError(t, p.TryClaim(&first, nil))
	a, b := enqueue(t, p), enqueue(t, p)
	require.ErrorIs(t, p.TryClaim(new(Claim), nil), ErrFull)
	require.ErrorIs(t, p.Claim(newTask(), new(Claim), nil, 0), ErrFull)

	p.Configure(&plan.Group{MaxReqPerWorker: 1, QueueLimit: 1})
	assert.Equal(t, 2, p.Queued(), "who waits stays")
	p.Configure(&plan.Group{MaxReqPerWorker: 1})
	c := enqueue(t, p)

	p.Configure(&plan.Group{MaxReqPerWorker: 1, QueueLimit: 1})
	first.Release()
	require.NoError(t, <-a.err)
	a.claim.Release()
	require.NoError(t, <-b.err)
	again := make(chan error, 1)
	p.Swap([]*Worker{NewWorker(1, 1, "")}, ws) // for c
	require.NoError(t, <-c.err)
	d := enqueue(t, p)
	b.claim.Release()
	go func() { again <- p.Claim(newTask(), &b.claim, c.claim.Worker(), 0) }()
	require.Eventually(t, func() bool { return p.Queued() == 2 }, 10*time.Second, time.Millisecond, "a repeat was let in before")
	c.claim.Release()
	require.NoError(t, <-again, "and has kept its place")
	b.claim.Release()
	require.NoError(t, <-d.err)
	assert.EqualValues(t, 2, p.Stats().Full)
}

func TestQueueTimeout(t *testing.T) {
	p := New(&plan.Group{MaxReqPerWorker: 1, QueueTimeout: time.Millisecond})
	addWorkers(p, 1)
	var first, c Claim
	require.NoError(t, p.TryClaim(&first, nil))
	require.ErrorIs(t, p.Claim(newTask(), &c, nil, time.Hour), netloop.ErrTimeout)
	s := p.Stats()
	assert.Zero(t, s.Queued)
	assert.EqualValues(t, 1, s.TimedOut)
	first.Release()
	require.NoError(t, p.TryClaim(&c, nil))
}

func TestQueueTimeoutChangesWhileRequestsWait(t *testing.T) {
	p := New(&plan.Group{MaxReqPerWorker: 1, QueueTimeout: time.Hour})
	addWorkers(p, 1)
	var first Claim
	require.NoError(t, p.TryClaim(&first, nil))
	a := enqueue(t, p)
	p.Configure(&plan.Group{MaxReqPerWorker: 1, QueueTimeout: time.Millisecond})
	require.ErrorIs(t, <-a.err, netloop.ErrTimeout)

	p.Configure(&plan.Group{MaxReqPerWorker: 1})
	b := enqueue(t, p)
	p.Configure(&plan.Group{MaxReqPerWorker: 1, QueueTimeout: time.Millisecond})
	require.ErrorIs(t, <-b.err, netloop.ErrTimeout)
}

// TestWaitIsBoundedWithoutWorkers: in a pool that has lost its last worker, no
// request waits longer than the next worker may take to start.
func TestWaitIsBoundedWithoutWorkers(t *testing.T) {
	p, ws := testPool(1, 1)
	var first Claim
	require.NoError(t, p.TryClaim(&first, nil))
	a := &waiter{task: newTask(), err: make(chan error, 1)}
	go func() { a.err <- p.Claim(a.task, &a.claim, nil, time.Millisecond) }()
	require.Eventually(t, func() bool { return p.Queued() == 1 }, 10*time.Second, time.Millisecond)
	p.Swap(nil, ws)
	require.ErrorIs(t, <-a.err, netloop.ErrTimeout)
}

// lateTask ends its first wait with an error, after something has happened.
type lateTask struct {
	*fakeTask
	happens func()
	err     error
}

func (t *lateTask) Park(netloop.Time) error {
	t.happens()
	return t.err
}

// TestGrantAtTheLastMoment: a slot that is granted as the time runs out is
// used; a slot that is granted as the client leaves goes to the next request.
func TestGrantAtTheLastMoment(t *testing.T) {
	for err, want := range map[error]error{netloop.ErrTimeout: nil, netloop.ErrGone: netloop.ErrGone, netloop.ErrStopped: netloop.ErrStopped} {
		p, ws := testPool(1, 1)
		var first, c Claim
		require.NoError(t, p.TryClaim(&first, nil))
		task := &lateTask{newTask(), first.Release, err}
		require.ErrorIs(t, p.Claim(task, &c, nil, 0), want)
		requests, _ := ws[0].InFlight()
		if want == nil {
			assert.Same(t, ws[0], c.Worker())
		} else {
			assert.Zero(t, requests)
		}
	}
}

// clockTask has a clock of its own: each wait takes a fixed time, after which
// an event lets the claim continue.
type clockTask struct {
	*fakeTask
	now     netloop.Time
	takes   time.Duration
	happens func()
	until   netloop.Time // limit of the last wait
}

func (t *clockTask) Now() netloop.Time { return t.now }

func (t *clockTask) Park(until netloop.Time) error {
	t.until = until
	t.now = t.now.Add(t.takes)
	t.happens()
	return nil
}

// TestRepeatHasNoNewTime: queue_timeout covers the whole request, however often
// its worker dies.
func TestRepeatHasNoNewTime(t *testing.T) {
	p := New(&plan.Group{MaxReqPerWorker: 1, QueueTimeout: time.Minute})
	ws := addWorkers(p, 1)
	var other, c Claim
	task := &clockTask{fakeTask: newTask(), now: 1, takes: 25 * time.Second, happens: func() { other.Release() }}
	var avoid *Worker
	for range 3 {
		require.NoError(t, p.TryClaim(&other, nil))
		require.NoError(t, p.Claim(task, &c, avoid, 0))
		assert.Equal(t, netloop.Time(1).Add(time.Minute), task.until)
		avoid = ws[0]
		c.Release()
	}
	require.NoError(t, p.TryClaim(&other, nil))
	task.now = 1
	require.NoError(t, p.Claim(task, &c, nil, 0))
	assert.Equal(t, netloop.Time(1).Add(time.Minute), task.until, "another request on the same connection")
}

// TestTimeoutOfTheTask: a wait that ends early, because the task has a limit of
// its own, ends the claim.
func TestTimeoutOfTheTask(t *testing.T) {
	p := New(&plan.Group{MaxReqPerWorker: 1, QueueTimeout: time.Hour})
	var c Claim
	require.ErrorIs(t, p.Claim(&lateTask{newTask(), func() {}, netloop.ErrTimeout}, &c, nil, 0), netloop.ErrTimeout)
	assert.Zero(t, p.Queued())
}
