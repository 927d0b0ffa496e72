package proxy

import (
	"net/netip"
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
	Held   time.Duration // since its worker got it; 0 if none has it
	PID    int           // of the worker; 0 if none has it
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

	StageWebsocket Stage = "websocket" // it is an open websocket, and waits for nothing
)

// How many bytes of what a client sends are shown.
const (
	maxShownMethod = 32
	maxShownPath   = 256
)

// A hand is what a Request shows of itself while it is in hand. Only the
// request's task writes it, and the one that reads ahead.
type hand struct {
	place     place[Request] // in the loop's list; guarded by its mu
	client    netip.Addr
	group     atomic.Pointer[plan.Group]
	static    atomic.Pointer[plan.Static]
	worker    atomic.Pointer[pool.Worker]
	queuedAt  atomic.Int64 // a netloop.Time; 0 = does not wait
	queued    atomic.Int64 // a time.Duration, of the waits that are over
	receiving atomic.Bool
	heldBack  atomic.Bool // the client has its share of the buffers
	answering atomic.Bool
	priority  atomic.Int32
	fair      atomic.Uint32 // a result.FairKey
	slow      atomic.Uint64 // the number that Slow gave it; 0 = none
	sending   atomic.Bool   // the answer has come whole while the client was slow to take it

	mu    sync.Mutex // guards queue, and that the claim is not made in another pool
	queue *pool.Pool // in whose queue the request may be; nil if it waits for no slot
}

// handsOf returns what the task's loop has in hand.
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
	if h.slow.Load() != 0 { // rarely
		h.slow.Store(0)
	}
	r.hands = r.p.handsOf(r.t)
	if r.hands != nil {
		r.hands.requests.add(&h.place)
	}
}

// drop takes a request off its list. A second call does nothing.
func (r *Request) drop() {
	if r.hands != nil {
		r.hands.requests.remove(&r.hand.place)
		r.hands = nil
		if number := r.hand.slow.Load(); number != 0 && r.p.opts.SlowEnded != nil {
			r.p.opts.SlowEnded(r.slowEnd(number))
		}
	}
}

// A standing is how far a request is.
type standing struct {
	by     holder
	stage  Stage
	static string
}

// at returns how far the request is.
func (h *hand) at() standing {
	out := standing{by: holder{worker: -1}, stage: StageRouting}
	if g := h.group.Load(); g != nil {
		out.by.group, out.stage = g.Name, StageQueued
	}
	if s := h.static.Load(); s != nil {
		out.static, out.stage = s.Prefix, StageReading
	}
	if h.receiving.Load() {
		out.stage = StageReceiving
	}
	if w := h.worker.Load(); w != nil {
		out.by.worker, out.by.pid, out.stage = w.Index, w.PID, StageWorking
	}
	if h.answering.Load() {
		out.stage = StageAnswering
		if h.sending.Load() {
			out.by.worker, out.by.pid, out.stage = -1, 0, StageSending
		}
	}
	return out
}

// show copies what a request shows. The head does not change while the request
// is listed.
func (r *Request) show(now netloop.Time) InHand {
	h, at := &r.hand, r.hand.at()
	out := InHand{
		ID: string(r.id), Method: cut(r.head.Method, maxShownMethod), Path: cut(r.head.RawPath, maxShownPath),
		Client: h.client, Group: at.by.group, Static: at.static, Worker: at.by.worker, PID: at.by.pid, Stage: at.stage,
		Age: now.Sub(r.rec.begun), Queued: time.Duration(h.queued.Load()),
		Priority: int(h.priority.Load()), Fair: result.FairKey(h.fair.Load()),
	}
	if out.Worker >= 0 {
		out.Held = max(now.Sub(netloop.Time(r.attempt.granted.Load())), 0) // the task's clock may lag
	}
	if from := h.queuedAt.Load(); from != 0 {
		out.Queued += now.Sub(netloop.Time(from))
		out.Wants = r.wants()
	}
	if h.heldBack.Load() {
		out.Wants = pool.Want{Kind: pool.WantShare}
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
