package proxy

import (
	"errors"
	"strconv"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
)

// A failure is an error that ldcorn itself answers to a valid request.
type failure struct {
	kind   result.Kind
	status int
	reason string
	close  bool // the client's connection ends, too, unless it has other streams (HTTP/2)
}

func (f *failure) Error() string { return f.reason }

// refusalOf returns the failure for a refusal.
func refusalOf(r *decide.Refusal) *failure {
	switch r {
	case decide.NoRoute:
		return errNoRoute
	case decide.TooCostly:
		return errCostly
	case decide.NotReadable:
		return errNotReadable
	}
	return errRouter
}

// late returns the failure of a request that has waited for queue_timeout.
func late(reason string) *failure {
	return &failure{kind: result.KindQueueLate, status: 503, reason: reason}
}

// queueLate returns the failure of a request that has waited for queue_timeout in
// vain for something.
func queueLate(missed pool.Want) *failure {
	switch missed.Kind {
	case pool.WantLimit:
		return late("the limit " + strconv.Quote(missed.Limit) + " was not free in time")
	case pool.WantWorker:
		return errOwnLate
	case pool.WantHold:
		return errHeldLate
	}
	return errQueueLate
}

// The failures. Only read.
var (
	errNoRoute     = &failure{kind: result.KindNoRoute, status: decide.NoRoute.Status, reason: decide.NoRoute.Reason}
	errCostly      = &failure{kind: result.KindNoRoute, status: decide.TooCostly.Status, reason: decide.TooCostly.Reason}
	errNotReadable = &failure{kind: result.KindNoFile, status: decide.NotReadable.Status, reason: decide.NotReadable.Reason}
	errNoFile      = &failure{kind: result.KindNoFile, status: 404, reason: "no such file"}
	errForbidden   = &failure{kind: result.KindNoFile, status: 403, reason: "the file may not be read"}
	errFileLate    = &failure{kind: result.KindFile, status: 503, reason: "the disk of the file makes no progress"}
	errFileBusy    = &failure{kind: result.KindFile, status: 503, reason: "the file cannot be opened now"}
	errFile        = &failure{kind: result.KindFile, status: 500, reason: "the file cannot be read"}
	errFileCut     = &failure{kind: result.KindCut, status: 500, reason: "the file changed while it was sent"}
	errFileLost    = &failure{kind: result.KindCut, status: 500, reason: "the file could not be read to its end"}
	errRouter      = &failure{kind: result.KindRouter, status: decide.RouterFailed.Status, reason: decide.RouterFailed.Reason}
	errTooOften    = &failure{kind: result.KindRateLimited, status: 429, reason: "too many requests in a short time"}
	errBadGateway  = &failure{kind: result.KindNoAnswer, status: 502, reason: "the worker did not answer"}
	errMalformed   = &failure{kind: result.KindMalformed, status: 502, reason: "the worker's answer is malformed", close: true}
	errUnavailable = &failure{kind: result.KindUnavailable, status: 503, reason: "no worker is available"}
	errShort       = &failure{kind: result.KindUnavailable, status: 503, reason: "the server is out of file descriptors"}
	errQueueFull   = &failure{kind: result.KindQueueFull, status: 503, reason: "too many requests are waiting"}
	errEvicted     = &failure{kind: result.KindEvicted, status: 503, reason: "another request took its place in the queue, which is full"}
	errQueueLate   = late("no worker became free in time")
	errOwnLate     = late("the worker that the request belongs to did not become free in time")
	errHeldLate    = late("the group is held, and was not released in time")
	errShare       = &failure{kind: result.KindShare, status: 503, reason: "too many bodies of requests of this client are waiting"}
	errOwes        = &failure{kind: result.KindShare, status: 503, reason: "this client has not taken its earlier answers"}
	errLate        = &failure{kind: result.KindLate, status: 504, reason: "the worker did not answer in time"}
	errLostBody    = &failure{kind: result.KindUnavailable, status: 503, reason: "the server has lost the request body"}
	errLostAnswer  = &failure{kind: result.KindCut, status: 503, reason: "the server has lost a part of the answer"}
	errStopping    = &failure{kind: result.KindStopping, status: 503, reason: "the server is shutting down", close: true}
	errCutByStop   = &failure{kind: result.KindStopping, status: 503, reason: "the server is shutting down, and has cut the request", close: true}
	errTooLarge    = &failure{kind: result.KindBody, status: 413, reason: "the request body is larger than max_body_size", close: true}
	errSlowBody    = &failure{kind: result.KindBody, status: 408, reason: "the request body did not arrive in time", close: true}
	errShortBody   = &failure{kind: result.KindBody, status: 400, reason: "the request body ended early", close: true}
)

var (
	// errRepeat asks for the request to be sent to another worker: this one
	// has not seen it.
	errRepeat = errors.New("repeat on another worker")
	// errRepeatOnce asks for the same, but only once for each request: the worker
	// had it in hand, and may have died of it.
	errRepeatOnce = errors.New("repeat on another worker once")
	// errRefused says that the worker no longer exists.
	errRefused = errors.New("worker refused the connection")
	// errAnswered says that the client has its answer, and that the
	// connection is to be closed.
	errAnswered = errors.New("answered already")
	// errTaken says that the connection has become a tunnel.
	errTaken = errors.New("connection is a tunnel")
	// errCut ends the client's connection, because an answer that has begun cannot
	// be completed, and must not look complete.
	errCut = errors.New("answer cut")
)
