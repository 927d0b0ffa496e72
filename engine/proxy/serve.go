package proxy

import (
	"bytes"
	"cmp"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// Serve serves the requests that c has to offer, until it is at rest.
func (p *Proxy) Serve(t netloop.Task, c netloop.Conn) (v netloop.Verdict) {
	x := p.exchanges.Get().(*exchange)
	x.t, x.c = t, c
	whole := false
	defer func() {
		if !whole { // a panic is on its way to the driver
			x.abandon()
		}
	}()
	v = x.serve()
	whole = true
	x.reset()
	p.exchanges.Put(x)
	return v
}

// serve reads heads and answers them, one after the other.
func (x *exchange) serve() netloop.Verdict {
	x.in.fill(x.c.Stash())
	until := x.c.Until() // of a head that came in parts: its limit
	if x.in.len() == 0 {
		until = 0
	}
	if x.c.Expired() {
		x.loadSnapshot()
		return x.refuse(errHeadTimeout)
	}
	for {
		v, ok := x.readHead(until)
		if !ok {
			return v
		}
		until = 0
		if v, ok = x.answerRequest(); !ok {
			return v
		}
		if x.t.Stopping() {
			if x.in.len() > 0 {
				return netloop.Verdict{Op: netloop.Linger}
			}
			return netloop.Verdict{}
		}
	}
}

// maxStash is how much of an unfinished head a resting connection keeps by
// itself; one with more holds its task until the head is complete.
const maxStash = 4 << 10

// readHead reads until x.req is parsed. It reports false with a verdict when
// there is no request to answer now: the connection rests, is over, or was
// refused. until is the limit of a head that has begun before.
func (x *exchange) readHead(until netloop.Time) (netloop.Verdict, bool) {
	x.loadSnapshot()
	x.req.Reset()
	for {
		if x.in.len() > 0 {
			n, err := x.req.Parse(x.in.bytes(), &x.snap.limits)
			if err != nil {
				return x.refuse(err), false
			}
			if n > 0 {
				x.headLen = n
				x.nameHost()
				x.view.Release()
				if x.req.OddNames {
					x.p.dropped.note(x.req.Fields)
				}
				return netloop.Verdict{}, true
			}
		}
		if v, ok := x.readMore(&until); !ok {
			return v, false
		}
	}
}

// readMore reads some more of a head. What is not there yet is not waited
// for: the connection rests. Only a head that has grown large is waited for
// here.
func (x *exchange) readMore(until *netloop.Time) (netloop.Verdict, bool) {
	n, err := 0, netloop.ErrAgain
	switch {
	case x.in.len() > maxStash:
		x.t.SetDeadline(x.headLimit(until))
		n, err = x.c.Read(x.t, x.in.room(), 0)
		x.t.SetDeadline(0)
	case !x.read: // what comes after the first read is not there yet
		n, err = x.c.TryRead(x.t, x.in.room())
	}
	x.in.grew(n)
	x.read = true
	switch {
	case n > 0:
		return netloop.Verdict{}, true
	case err == netloop.ErrAgain && x.in.len() > 0:
		// The exchange and its buffer serve another connection from now on.
		stash := bytes.Clone(x.in.bytes())
		return netloop.Verdict{Op: netloop.Rest, Until: x.headLimit(until), Stash: stash}, false
	case err == netloop.ErrAgain:
		return netloop.Verdict{Op: netloop.Rest, Until: x.t.Now().Add(x.snap.Plan.IdleTimeout)}, false
	case err == netloop.ErrTimeout:
		return x.refuse(errHeadTimeout), false
	}
	return netloop.Verdict{}, false
}

// headLimit is when the head must be complete: header_timeout after its first
// byte.
func (x *exchange) headLimit(until *netloop.Time) netloop.Time {
	if *until == 0 {
		*until = x.t.Now().Add(x.snap.Plan.HeaderTimeout)
	}
	return *until
}

// limitsOf are the limits of a request's head.
func limitsOf(p *plan.Plan) http1.Limits {
	limits := http1.DefaultLimits
	limits.Underscores = p.UnderscoresInHeaders
	if p.MaxHeaderSize > 0 {
		limits.MaxHead, limits.MaxLine = p.MaxHeaderSize, p.MaxHeaderSize
	}
	return limits
}

// answerLimitsOf are the limits of an answer's head.
func answerLimitsOf(p *plan.Plan) http1.Limits {
	return http1.Limits{
		MaxHead:   cmp.Or(p.MaxResponseHeaderSize, plan.DefaultMaxResponseHeaderSize),
		MaxLine:   maxStatusLine,
		MaxFields: plan.MaxResponseHeaders,
	}
}

const maxStatusLine = 8 << 10 // bytes

// errHeadTimeout is for a head that took longer than header_timeout.
var errHeadTimeout = &http1.Error{Status: 408, Reason: "the request head did not arrive in time"}
