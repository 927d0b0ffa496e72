// Package result holds what became of a request, as the access log, the metrics
// and the master's log read it.
package result

import (
	"net/netip"
	"time"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// An Observer is notified once about every request that the proxy has
// processed: when its answer has been handed to the system or the client is
// gone; for a websocket, when it has been accepted, since it may last for days;
// and for every head that was refused. Event loops call it concurrently: it
// must neither block nor keep the result or anything that the result points to.
type Observer interface {
	Observe(*Result)
}

// Observers notifies several observers, one after another.
type Observers []Observer

// Observe notifies all of them.
func (all Observers) Observe(r *Result) {
	for _, o := range all {
		o.Observe(r)
	}
}

// A Result is the outcome of one request.
type Result struct {
	Kind      Kind          // what went wrong; "" for an answer of the app
	Reason    string        // the same in words; "" for an answer of the app
	Request   *head.Request // partly parsed, or not at all, if Unparsed
	Line      []byte        // the beginning of the input instead of a valid head, if Unparsed
	Client    netip.Addr    // according to trusted proxies, otherwise the peer; invalid over a unix socket
	Ignored   bool          // the request names a client, but no trusted proxy vouches for it
	TLS       string        // version of TLS with which ldcorn itself secures the connection, such as "1.3"; "" if it does not
	Status    int           // status sent, or StatusGone
	Answer    []byte        // fields of the answer, as lines of HTTP/1.1; nil unless the access log wants them
	Received  int64         // bytes of the request's body that have come
	Sent      int64         // bytes of the answer after its head
	Router    decide.Routed // the router's latest decision; "" if there is no router
	Group     string        // "" if none was found
	Static    string        // prefix of the static whose file was asked for; "" if a group or ldcorn itself answered
	Pool      *pool.Pool    // of the group; nil if none was found
	Worker    int           // index within the group of the last worker tried; -1 if none was
	Repeats   int           // how often the request went to another worker
	Priority  int           // in the queue of its group; 0 if it asked for no slot
	Fair      FairKey       // whose turns it took there; 0 if it has no key, or its key is its client's address
	ID        []byte        // X-Request-ID
	Trace     head.TraceID  // of traceparent; none if the request has none, or a malformed one
	Span      Span          // of Trace; zero without tracing
	Queued    time.Duration // time spent waiting for a slot
	Receiving time.Duration // time spent taking in the body before asking for a slot
	Held      time.Duration // time for which it had a slot, of all workers together; for a websocket, until its acceptance
	Took      time.Duration // time since the arrival of the head
}

// Unparsed reports whether Line stands for a head that is not valid. A valid one can
// be refused, too, as one for a host that the connection is not for.
func (r *Result) Unparsed() bool {
	return r.Kind == KindRefused && (r.Line != nil || len(r.Request.Method) == 0)
}

// StatusGone stands for a status if the client left before it was sent one, as
// in the logs of nginx.
const StatusGone = 499

// A Kind is what can go wrong with a request, in one word for logs and metrics.
type Kind string

// The kinds.
const (
	KindRefused     Kind = "refused"          // a head that is not acceptable
	KindNoRoute     Kind = "no_route"         // 404; 431 if the search would cost too much
	KindRouter      Kind = "router_error"     // 500, with on_router_error="reject"
	KindRateLimited Kind = "rate_limited"     // 429, rate_limit
	KindBody        Kind = "bad_body"         // malformed, too late, too large or cut short
	KindQueueFull   Kind = "queue_full"       // 503, queue_limit
	KindEvicted     Kind = "evicted"          // 503, queue_limit, after it has waited
	KindQueueLate   Kind = "queue_timeout"    // 503, queue_timeout
	KindShare       Kind = "client_share"     // 503, the client has its share of the buffers
	KindUnavailable Kind = "unavailable"      // 503, no worker
	KindStopping    Kind = "stopping"         // 503, or an answer that was cut: the master is being stopped
	KindNoAnswer    Kind = "no_answer"        // 502, the worker died or refused
	KindMalformed   Kind = "malformed_answer" // 502
	KindLate        Kind = "request_timeout"  // 504
	KindCut         Kind = "cut"              // the worker died in the middle of its answer, a disk has lost a part of it, or a file changed while it was sent
	KindNoFile      Kind = "no_file"          // 404, 403 or 405 of a static
	KindFile        Kind = "file_error"       // 500 or 503, a file cannot be read
	KindGone        Kind = "client_gone"      // the client left before it got the whole answer
)

// Kinds lists all kinds, in the order above. It is read-only.
var Kinds = []Kind{KindRefused, KindNoRoute, KindRouter, KindRateLimited, KindBody, KindQueueFull, KindEvicted, KindQueueLate, KindShare,
	KindUnavailable, KindStopping, KindNoAnswer, KindMalformed, KindLate, KindCut, KindNoFile, KindFile, KindGone}

// Fault records what went wrong.
func (r *Result) Fault(kind Kind, reason string) { r.Kind, r.Reason = kind, reason }
