package pool

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A pace knows how fast slots have become free lately. The requests only
// count; who waits, or is refused, brings the time.
type pace struct {
	done uint64 // slots given back, ever

	older, newer mark
}

type mark struct {
	at   netloop.Time
	done uint64
}

const (
	paceWindow = 2 * time.Second  // between two marks
	paceStale  = 10 * time.Second // what was before is not lately
)

// tick makes a mark where it is time for one.
func (p *pace) tick(now netloop.Time) {
	switch age := now.Sub(p.newer.at); {
	case p.newer.at == 0 || age > paceStale:
		p.newer = mark{now, p.done}
		p.older = p.newer
	case age > paceWindow:
		p.older, p.newer = p.newer, mark{now, p.done}
	}
}

// estimate is how long n slots will take to become free. As long as none has,
// the time that this has lasted is taken for what one takes.
func (p *pace) estimate(n int, now netloop.Time) time.Duration {
	lately := now.Sub(p.older.at)
	done := max(p.done-p.older.done, 1)
	return time.Duration(float64(lately) * float64(n) / float64(done))
}

// maxRetryAfter bounds what a client is told: what a queue will be like
// later than that, nobody knows.
const maxRetryAfter = time.Minute

// RetryAfter is when a request that is refused now may come again: once those
// that wait will be served, if all goes on as lately. It is from a second to
// a minute, in whole seconds.
func (p *Pool) RetryAfter(now netloop.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pace.tick(now)
	d := p.pace.estimate(p.waiting, now)
	d = (d + time.Second - 1).Truncate(time.Second)
	return min(max(d, time.Second), maxRetryAfter)
}
