package proxy

import (
	"cmp"
	"net/netip"
	"time"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// An Observer is told of every request that the proxy has dealt with, once,
// when its answer has been handed to the system or the client is gone; of a
// websocket, when it has been accepted, since it may last for days; and of
// every head that was refused. Event loops call it, several at a time: it
// must neither block nor keep the record or anything that it points to.
type Observer interface {
	Observe(*Record)
}

// Observers are several, told one after the other.
type Observers []Observer

// Observe tells all of them.
func (all Observers) Observe(r *Record) {
	for _, o := range all {
		o.Observe(r)
	}
}

// A Record is what became of one request.
type Record struct {
	Kind    Kind           // of what went wrong; "" for an answer of the app
	Reason  string         // the same in words; "" likewise
	Request *http1.Request // parsed in part, or not at all, where Kind is KindRefused
	Line    []byte         // the beginning of what came instead of a good head, where Kind is KindRefused
	Client  netip.Addr     // whom trusted proxies vouch for, else the peer; not valid over a unix socket
	Status  int            // that was sent, or StatusGone
	Sent    int64          // bytes of the answer behind its head
	Router  decide.Routed  // what the router said, the last time it was asked; "" where there is none
	Group   string         // "" where none was found
	Pool    *pool.Pool     // the group's; nil likewise
	Worker  int            // index within the group of the last one that was tried; -1 = none
	Repeats int            // how often the request went to another worker
	ID      []byte         // X-Request-ID
	Queued  time.Duration  // spent waiting for a slot
	Took    time.Duration  // from the head's arrival
	begun   netloop.Time   // when the head had come
}

// StatusGone stands for a status where the client left before it was sent
// one, as in the logs of nginx.
const StatusGone = 499

// A Kind is what can go wrong with a request, one word each, for logs and
// metrics.
type Kind string

// The kinds.
const (
	KindRefused     Kind = "refused"          // a head that is not acceptable
	KindNoRoute     Kind = "no_route"         // 404; 431 where the search would cost too much
	KindRouter      Kind = "router_error"     // 500, with on_router_error="reject"
	KindBody        Kind = "bad_body"         // malformed, too late, too large or cut short
	KindQueueFull   Kind = "queue_full"       // 503, queue_limit
	KindQueueLate   Kind = "queue_timeout"    // 503, queue_timeout
	KindUnavailable Kind = "unavailable"      // 503, no worker
	KindStopping    Kind = "stopping"         // 503, the master is being stopped
	KindNoAnswer    Kind = "no_answer"        // 502, the worker died or refused
	KindMalformed   Kind = "malformed_answer" // 502
	KindLate        Kind = "request_timeout"  // 504
	KindCut         Kind = "cut"              // the worker died in the middle of its answer
	KindGone        Kind = "client_gone"      // the client left before it had the whole answer
)

// Kinds are all of them, in the order above. Only read.
var Kinds = []Kind{KindRefused, KindNoRoute, KindRouter, KindBody, KindQueueFull, KindQueueLate, KindUnavailable, KindStopping,
	KindNoAnswer, KindMalformed, KindLate, KindCut, KindGone}

// begin starts the record of a request whose head has come.
func (r *Record) begin(now netloop.Time) { *r = Record{Worker: -1, begun: now} }

// fault notes what went wrong.
func (r *Record) fault(kind Kind, reason string) { r.Kind, r.Reason = kind, reason }

// observe hands the record on. The request must still be at hand.
func (x *exchange) observe() {
	x.told = true
	o := x.p.opts.Observer
	if o == nil {
		return
	}
	r := &x.rec
	r.Request, r.ID = &x.req, x.id
	r.Client = x.sender().addr
	r.Sent = max(r.Sent, 0)
	r.Took = netloop.Now().Sub(r.begun)
	o.Observe(r)
	r.Request, r.Line, r.ID = nil, nil, nil
}

// observeEnd is observe for a request that ended with err, nil for a whole
// answer, unless it was told of already.
func (x *exchange) observeEnd(err error) {
	switch {
	case x.told:
		return
	case x.rec.Kind != "" || err == nil && !x.gone || err == errTaken:
	case x.gone || err == netloop.ErrGone:
		x.rec.fault(KindGone, "the client left")
		if !x.begun {
			x.rec.Status = StatusGone
		}
	default:
		x.rec.fault(KindCut, cmp.Or(x.why, "the worker's answer ended early"))
		if f, ok := err.(*failure); ok {
			x.rec.fault(f.kind, f.reason)
		}
	}
	x.observe()
}

// maxLine is how much is told of what came instead of a good head.
const maxLine = 256
