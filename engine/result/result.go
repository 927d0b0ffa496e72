// Package result holds what became of a request, as the access log, the metrics
// and the master's log read it.
package result

import (
	"net/netip"
	"time"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// An Observer is told of every request that the proxy has dealt with, once,
// when its answer has been handed to the system or the client is gone; of a
// websocket, when it has been accepted, since it may last for days; and of
// every head that was refused. Event loops call it, several at a time: it
// must neither block nor keep the result or anything that it points to.
type Observer interface {
	Observe(*Result)
}

// Observers are several, told one after the other.
type Observers []Observer

// Observe tells all of them.
func (all Observers) Observe(r *Result) {
	for _, o := range all {
		o.Observe(r)
	}
}

// A Result is what became of one request.
type Result struct {
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

// Fault notes what went wrong.
func (r *Result) Fault(kind Kind, reason string) { r.Kind, r.Reason = kind, reason }
