package proxy

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/ratelimit"
)

// maxChecks is how many rate limits can apply to a request.
const maxChecks = len(ratelimit.Applying{})

// checkRate counts the request for the rate limits that apply to it. group is
// its group, or nil if it has none. A request that is decided again has been
// counted.
func (r *Request) checkRate(group *plan.Group) error {
	if r.snap.Limits == nil || r.counted {
		return nil
	}
	r.counted = true
	limits := r.snap.Limits.Of(group, r.matched)
	checks := r.checks[:0]
	for _, l := range limits {
		if l != nil {
			checks = append(checks, ratelimit.Check{Limit: l, Key: r.rateKey(l.Setting.By)})
		}
	}
	refused, wait := ratelimit.Take(time.Duration(r.t.Now()), checks)
	if refused == nil {
		return nil
	}
	r.retry = ratelimit.RetryAfter(wait)
	r.attempt.why = refused.Why
	return errTooOften
}

// rateKey returns the key of the request for a rate limit.
func (r *Request) rateKey(by match.Key) ratelimit.Key {
	if by.By == match.KeyClientIP {
		return ratelimit.KeyOfAddr(r.view.ClientIP())
	}
	return ratelimit.KeyOf(by.Sole(&r.view))
}
