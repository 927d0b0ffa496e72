package pool

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// fakeTask is the task of a goroutine. It supports only parking.
type fakeTask struct {
	netloop.Task
	wake chan struct{}
	cut  chan struct{} // closed when the client leaves
}

func newTask() *fakeTask {
	return &fakeTask{wake: make(chan struct{}, 1), cut: make(chan struct{})}
}

func (t *fakeTask) Wake() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

func (t *fakeTask) Now() netloop.Time { return netloop.Now() }

func (t *fakeTask) Park(until netloop.Time) error {
	var timeout <-chan time.Time
	if until != 0 {
		timeout = time.After(until.Sub(netloop.Now()))
	}
	select {
	case <-t.wake:
		return nil
	case <-t.cut:
		return netloop.ErrGone
	case <-timeout:
		return netloop.ErrTimeout
	}
}

func testPool(cap, workers int) (*Pool, []*Worker) {
	p := New(&plan.Group{Name: "p", MaxReqPerWorker: cap})
	return p, addWorkers(p, workers)
}

func addWorkers(p *Pool, n int) []*Worker {
	var ws []*Worker
	for i := range n {
		ws = append(ws, NewWorker(i, i, ""))
	}
	p.Swap(ws, nil)
	return ws
}

// A waiter claims in a goroutine of its own.
type waiter struct {
	task  *fakeTask
	claim Claim
	err   chan error
}

// enqueue starts a claim and waits until it is in the queue.
func enqueue(t *testing.T, p *Pool) *waiter {
	t.Helper()
	return enqueueKey(t, p, 0)
}

// enqueueKey is enqueue for a request with a key.
func enqueueKey(t *testing.T, p *Pool, key uint64) *waiter {
	t.Helper()
	w := &waiter{task: newTask(), err: make(chan error, 1)}
	w.claim.Key = key
	before := p.Queued()
	go func() { w.err <- p.Claim(w.task, &w.claim, nil, 0) }()
	require.Eventually(t, func() bool { return p.Queued() > before }, 10*time.Second, time.Millisecond)
	return w
}

func TestClaimPicksTheLeastBusyAndRotates(t *testing.T) {
	p, ws := testPool(0, 3)
	claims := make([]Claim, 6)
	count := map[*Worker]int{}
	for i := range claims {
		require.NoError(t, p.TryClaim(&claims[i], nil))
		count[claims[i].Worker()]++
	}
	assert.Equal(t, map[*Worker]int{ws[0]: 2, ws[1]: 2, ws[2]: 2}, count)
	var idle *Worker
	for i := range claims {
		if claims[i].Worker() == ws[1] {
			idle = ws[1]
			claims[i].Release()
		}
	}
	var c Claim
	require.NoError(t, p.TryClaim(&c, nil))
	assert.Same(t, idle, c.Worker())
}

func TestClaimAvoidsTheWorkerThatFailed(t *testing.T) {
	p, ws := testPool(0, 2)
	for range 10 {
		var c Claim
		require.NoError(t, p.TryClaim(&c, ws[0]))
		assert.Same(t, ws[1], c.Worker())
		c.Release()
	}
	p.Swap(nil, ws[1:])
	var c Claim
	require.NoError(t, p.TryClaim(&c, ws[0]), "it is better than none")
}

func TestQueueIsFirstComeFirstServed(t *testing.T) {
	p, _ := testPool(1, 1)
	var first Claim
	require.NoError(t, p.TryClaim(&first, nil))
	a, b, c := enqueue(t, p), enqueue(t, p), enqueue(t, p)
	require.ErrorIs(t, p.TryClaim(new(Claim), nil), ErrBusy)
	first.Release()
	require.NoError(t, <-a.err)
	require.ErrorIs(t, p.TryClaim(new(Claim), nil), ErrBusy, "nobody overtakes")
	close(b.task.cut)
	require.ErrorIs(t, <-b.err, netloop.ErrGone)
	a.claim.Release()
	require.NoError(t, <-c.err)
	c.claim.Release()
	require.NoError(t, p.TryClaim(new(Claim), nil))
}

func TestClaimTimesOut(t *testing.T) {
	p, _ := testPool(1, 0)
	var c Claim
	err := p.Claim(newTask(), &c, nil, time.Millisecond)
	require.ErrorIs(t, err, netloop.ErrTimeout)
	assert.Zero(t, p.Queued())
	addWorkers(p, 1)
	require.NoError(t, p.TryClaim(&c, nil))
}

func TestCapChangesWhileRequestsWait(t *testing.T) {
	p, ws := testPool(1, 1)
	var first Claim
	require.NoError(t, p.TryClaim(&first, nil))
	a, b := enqueue(t, p), enqueue(t, p)
	p.Configure(&plan.Group{MaxReqPerWorker: 3})
	require.NoError(t, <-a.err)
	require.NoError(t, <-b.err)
	p.Configure(&plan.Group{MaxReqPerWorker: 2})
	c := enqueue(t, p)
	a.claim.Release() // two are left, which is the cap
	assert.Equal(t, 1, p.Queued())
	b.claim.Release()
	require.NoError(t, <-c.err)
	requests, _ := ws[0].InFlight()
	assert.Equal(t, 2, requests)
}

func TestSwapCarriesTheQueueOver(t *testing.T) {
	p, old := testPool(1, 1)
	var first Claim
	require.NoError(t, p.TryClaim(&first, nil))
	a := enqueue(t, p)
	fresh := NewWorker(0, 9, "")
	p.Swap([]*Worker{fresh}, old)
	require.NoError(t, <-a.err)
	assert.Same(t, fresh, a.claim.Worker())
	select {
	case <-old[0].Drained():
		t.Fatal("drained with a request in flight")
	default:
	}
	first.Release()
	<-old[0].RequestsDone()
	<-old[0].Drained()
}

// TestRetiredWorkerStaysOut: a worker that died between becoming ready and its
// first request is retired before it is added, and must not appear in the pool.
func TestRetiredWorkerStaysOut(t *testing.T) {
	p, _ := testPool(1, 0)
	dead := NewWorker(0, 1, "")
	p.Swap(nil, []*Worker{dead})
	p.Swap([]*Worker{dead}, nil)
	assert.Zero(t, p.Ready())
	p.SetFailed(true)
	require.ErrorIs(t, p.TryClaim(new(Claim), nil), ErrFailed)
}

func TestTunnelOutlivesRequestsDone(t *testing.T) {
	p, ws := testPool(1, 1)
	var c Claim
	require.NoError(t, p.TryClaim(&c, nil))
	tunnel := c.ToTunnel()
	require.ErrorIs(t, p.TryClaim(&c, nil), ErrBusy, "a tunnel holds its slot")
	p.Swap(nil, ws)
	<-ws[0].RequestsDone()
	requests, tunnels := ws[0].InFlight()
	assert.Equal(t, []int{0, 1}, []int{requests, tunnels})
	tunnel.Release()
	<-ws[0].Drained()
}

func TestCloseServesTheQueueFirst(t *testing.T) {
	p, ws := testPool(1, 1)
	var first Claim
	require.NoError(t, p.TryClaim(&first, nil))
	a := enqueue(t, p)
	p.Close()
	require.ErrorIs(t, p.TryClaim(new(Claim), nil), ErrClosed)
	select {
	case <-p.Empty():
		t.Fatal("empty with a request waiting")
	default:
	}
	first.Release()
	require.NoError(t, <-a.err)
	<-p.Empty()
	b := &waiter{task: newTask()}
	require.ErrorIs(t, p.Claim(b.task, &b.claim, nil, 0), ErrClosed)
	a.claim.Release()
	p.Swap(nil, ws)
	<-ws[0].Drained()
}

func TestFailedPoolAnswersAtOnce(t *testing.T) {
	p, _ := testPool(1, 0)
	a := enqueue(t, p)
	p.SetFailed(true)
	require.ErrorIs(t, <-a.err, ErrFailed)
	require.ErrorIs(t, p.TryClaim(new(Claim), nil), ErrFailed)
	addWorkers(p, 1)
	require.NoError(t, p.TryClaim(new(Claim), nil))
}

// TestCapHoldsUnderEverything hammers a pool whose workers and settings change,
// with clients that leave: no worker ever has more requests than the largest
// cap of its time, and all counts return to zero.
func TestCapHoldsUnderEverything(t *testing.T) {
	const clients, rounds = 16, 300
	p, ws := testPool(3, 3)
	var over atomic.Int32
	var wg sync.WaitGroup
	busy := sync.Map{} // *Worker -> *atomic.Int32
	for n := range clients {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(n), 1))
			for range rounds {
				task := newTask()
				if rng.IntN(4) == 0 {
					close(task.cut)
				}
				c := Claim{Key: uint64(rng.IntN(4))}
				err := p.Claim(task, &c, nil, 0)
				if errors.Is(err, netloop.ErrGone) {
					continue
				}
				counter, _ := busy.LoadOrStore(c.Worker(), new(atomic.Int32))
				if counter.(*atomic.Int32).Add(1) > 3 {
					over.Add(1)
				}
				counter.(*atomic.Int32).Add(-1)
				c.Release()
			}
		})
	}
	for i := range 200 {
		switch i % 4 {
		case 0:
			fresh := NewWorker(i, i, "")
			p.Swap([]*Worker{fresh}, ws[:1])
			<-ws[0].Drained()
			ws = append(ws[1:], fresh)
		case 1:
			p.Hold()
			p.Resume()
		default:
			next := &plan.Group{MaxReqPerWorker: 1 + i%3}
			if i%8 > 4 {
				next.Sticky, next.Balance = plan.Sticky{Key: sticky}, plan.BalanceRoundRobin
			}
			p.Configure(next)
		}
	}
	wg.Wait()
	assert.Zero(t, over.Load())
	assert.Zero(t, p.Queued())
	for _, w := range ws {
		requests, tunnels := w.InFlight()
		assert.Zero(t, requests+tunnels)
	}
}
