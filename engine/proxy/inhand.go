package proxy

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
)

// An InHand is a request that has not ended yet, as it was at one moment.
type InHand struct {
	ID     string
	Method string     // cut at maxShownMethod bytes
	Path   string     // still escaped, without the query, which may hold secrets; cut at maxShownPath bytes
	Client netip.Addr // see result.Result
	Group  string     // "" before the request is routed
	Static string     // prefix of the static whose file is asked for; "" = none is
	Worker int        // index within the group; -1 = none has the request
	Stage  Stage
	Age    time.Duration // since the head came
	Queued time.Duration // waited for a slot so far
	Wants  pool.Want     // for StageQueued; for StageReceiving only WantShare

	Priority int            // see result.Result
	Fair     result.FairKey // see result.Result
}

// A Stage says what a request waits for.
type Stage string

// The stages, in the order in which a request goes through them. After a worker
// has failed it, a request goes back to StageQueued.
const (
	StageRouting   Stage = "routing"   // for the router
	StageReading   Stage = "reading"   // for the disk that has the file
	StageReceiving Stage = "receiving" // for the body, before the request asks for a slot
	StageQueued    Stage = "queued"    // for a slot
	StageWorking   Stage = "working"   // for the worker to answer
	StageAnswering Stage = "answering" // for the rest of the answer, or for the client to take it
	StageSending   Stage = "sending"   // for the client to take the rest of the answer: the worker is done with it
)

// How many bytes of what a client sends are shown.
const (
	maxShownMethod = 32
	maxShownPath   = 256
)

// A hand is what a Request shows of itself while it is in hand. Only the
// request's task writes it, and the one that reads ahead.
type hand struct {
	prev, next *Request // in the loop's list; guarded by its mu
	client     netip.Addr
	group      atomic.Pointer[plan.Group]
	static     atomic.Pointer[plan.Static]
	worker     atomic.Pointer[pool.Worker]
	queuedAt   atomic.Int64 // a netloop.Time; 0 = does not wait
	queued     atomic.Int64 // a time.Duration, of the waits that are over
	receiving  atomic.Bool
	heldBack   atomic.Bool // the client has its share of the buffers
	answering  atomic.Bool
	priority   atomic.Int32
	fair       atomic.Uint32 // a result.FairKey
	sending    atomic.Bool   // the answer has come whole while the client was slow to take it

	mu    sync.Mutex // guards queue, and that the claim is not made in another pool
	queue *pool.Pool // in whose queue the request may be; nil if it waits for no slot
}

// A handList holds the requests in hand of one loop, the oldest first. Only the
// loop adds and removes them, so it hardly ever waits for mu.
type handList struct {
	loop *netloop.Loop

	mu          sync.Mutex // guards all below, and that the listed requests stay
	first, last *Request
}

// handsOf returns the list of the task's loop.
func (p *Proxy) handsOf(t netloop.Task) *handList {
	loop := t.Loop()
	for i := range p.hands {
		if l := &p.hands[i]; l.loop == loop {
			return l
		}
	}
	return nil // a loop that is not the proxy's: its requests are not listed
}

// take lists a request that follows a snapshot.
func (r *Request) take() {
	h := &r.hand
	h.client = r.sender().addr
	h.queuedAt.Store(0)
	h.queued.Store(0)
	h.priority.Store(0)
	h.fair.Store(0)
	h.receiving.Store(false)
	h.answering.Store(false)
	h.heldBack.Store(false)
	if h.sending.Load() { // rarely
		h.sending.Store(false)
	}
	r.hands = r.p.handsOf(r.t)
	if r.hands != nil {
		r.hands.add(r)
	}
}

// drop takes a request off its list. A second call does nothing.
func (r *Request) drop() {
	if r.hands != nil {
		r.hands.remove(r)
		r.hands = nil
	}
}

func (l *handList) add(r *Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.hand.prev, r.hand.next = l.last, nil
	if l.last != nil {
		l.last.hand.next = r
	} else {
		l.first = r
	}
	l.last = r
}

func (l *handList) remove(r *Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := &r.hand
	if h.prev != nil {
		h.prev.hand.next = h.next
	} else {
		l.first = h.next
	}
	if h.next != nil {
		h.next.hand.prev = h.prev
	} else {
		l.last = h.prev
	}
	h.prev, h.next = nil, nil
}

// InHand returns the oldest requests that have not ended, at most limit of
// them, the oldest first, and how many there are. Websockets are not among
// them. Any goroutine may call it; each loop waits at most for the copying of
// limit of its own.
func (p *Proxy) InHand(limit int) (oldest []InHand, total int) {
	now := netloop.Now()
	for i := range p.hands {
		some, n := p.hands[i].copy(now, limit)
		oldest, total = append(oldest, some...), total+n
	}
	slices.SortStableFunc(oldest, func(a, b InHand) int { return cmp.Compare(b.Age, a.Age) })
	return oldest[:min(limit, len(oldest))], total
}

// copy copies the oldest ones of a loop, and counts all.
func (l *handList) copy(now netloop.Time, limit int) (oldest []InHand, total int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := l.first; r != nil; r = r.hand.next {
		if total++; total <= limit {
			oldest = append(oldest, r.show(now))
		}
	}
	return oldest, total
}

// show copies what a request shows. The head does not change while the request
// is listed.
func (r *Request) show(now netloop.Time) InHand {
	h := &r.hand
	out := InHand{
		ID: string(r.id), Method: cut(r.head.Method, maxShownMethod), Path: cut(r.head.RawPath, maxShownPath),
		Client: h.client, Worker: -1, Stage: StageRouting, Age: now.Sub(r.rec.begun), Queued: time.Duration(h.queued.Load()),
		Priority: int(h.priority.Load()), Fair: result.FairKey(h.fair.Load()),
	}
	if g := h.group.Load(); g != nil {
		out.Group, out.Stage = g.Name, StageQueued
	}
	if s := h.static.Load(); s != nil {
		out.Static, out.Stage = s.Prefix, StageReading
	}
	if h.receiving.Load() {
		out.Stage = StageReceiving
	}
	if w := h.worker.Load(); w != nil {
		out.Worker, out.Stage = w.Index, StageWorking
	}
	if from := h.queuedAt.Load(); from != 0 {
		out.Queued += now.Sub(netloop.Time(from))
		out.Wants = r.wants()
	}
	if h.heldBack.Load() {
		out.Wants = pool.Want{Kind: pool.WantShare}
	}
	if h.answering.Load() {
		out.Stage = StageAnswering
		if h.sending.Load() {
			out.Worker, out.Stage = -1, StageSending
		}
	}
	return out
}

// cut returns at most n bytes of b.
func cut(b []byte, n int) string { return string(b[:min(len(b), n)]) }

// wants returns what the request waits for in a queue.
func (r *Request) wants() pool.Want {
	h := &r.hand
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.queue == nil {
		return pool.Want{}
	}
	return h.queue.Wants(&r.attempt.claim)
}

// waits notes that the request waits for a slot of a pool.
func (r *Request) waits(from netloop.Time, p *pool.Pool) {
	r.hand.queuedAt.Store(int64(from))
	r.setQueue(p)
}

func (r *Request) setQueue(p *pool.Pool) {
	r.hand.mu.Lock()
	defer r.hand.mu.Unlock()
	r.hand.queue = p
}

// waited notes that the request no longer waits, and returns since when.
func (r *Request) waited(from netloop.Time) netloop.Time {
	now := netloop.Now()
	r.rec.Queued += now.Sub(from)
	r.hand.queued.Store(int64(r.rec.Queued))
	r.hand.queuedAt.Store(0)
	r.setQueue(nil)
	return now
}
