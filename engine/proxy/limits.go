package proxy

import (
	"cmp"
	"time"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

const (
	// upstreamIdle is how long a worker's connection waits for its next
	// request. Uvicorn closes after 75 s (engine/worker): the side that
	// reuses a connection must close it first.
	upstreamIdle = 60 * time.Second
	// dialWait limits the wait for a worker's socket, which takes time only if the
	// worker's backlog is full.
	dialWait = 10 * time.Second
	// defaultStall is the default of Options.Stall, and of nginx's
	// client_body_timeout and send_timeout.
	defaultStall = 60 * time.Second
	// requestPieces is the cost of a request without its reads and writes, in
	// pieces of netloop.Task.Spend. A client can send hundreds at once.
	requestPieces = 32
	// maxRepeats limits how often a request that did not reach a worker is sent
	// again. A request that may have reached one is sent again once.
	maxRepeats = 2

	maxStatusLine = 8 << 10 // bytes, of an answer
)

// limitsOf returns the limits of a request's head.
func limitsOf(p *plan.Plan) http1.Limits {
	limits := http1.DefaultLimits
	limits.Underscores = p.UnderscoresInHeaders
	if p.MaxHeaderSize > 0 {
		limits.MaxHead, limits.MaxLine = p.MaxHeaderSize, p.MaxHeaderSize
	}
	return limits
}

// answerLimitsOf returns the limits of an answer's head.
func answerLimitsOf(p *plan.Plan) http1.Limits {
	return http1.Limits{
		MaxHead:   cmp.Or(p.MaxResponseHeaderSize, plan.DefaultMaxResponseHeaderSize),
		MaxLine:   maxStatusLine,
		MaxFields: plan.MaxResponseHeaders,
	}
}

// retryAfter returns the seconds after which a client that found no room in a pool
// should try again.
func retryAfter(p *pool.Pool, now netloop.Time) int64 { return int64(p.RetryAfter(now) / time.Second) }
