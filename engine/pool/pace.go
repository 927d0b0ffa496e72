package pool

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A pace measures how fast slots have become free recently. Releases only
// increment a counter; requests that wait or are refused supply the time.
type pace struct {
	done uint64 // slots given back in total

	older, newer mark
}

type mark struct {
	at   netloop.Time
	done uint64
}

const (
	paceWindow = 2 * time.Second  // time between two marks
	paceStale  = 10 * time.Second // age at which a mark is no longer recent
)

// tick makes a mark if one is due.
func (p *pace) tick(now netloop.Time) {
	switch age := now.Sub(p.newer.at); {
	case p.newer.at == 0 || age > paceStale:
		p.newer = mark{now, p.done}
		p.older = p.newer
	case age > paceWindow:
		p.older, p.newer = p.newer, mark{now, p.done}
	}
}

// estimate returns how long n slots will take to become free. If no slot has
// become free recently, it assumes that one takes the whole time observed so
// far.
func (p *pace) estimate(n int, now netloop.Time) time.Duration {
	lately := now.Sub(p.older.at)
	done := max(p.done-p.older.done, 1)
	return time.Duration(float64(lately) * float64(n) / float64(done))
}

// running are the requests in flight whose start is known.
type running struct {
	n     int
	begun netloop.Time // the sum of when they were given their slots
}

func (r *running) add(c *Claim) {
	if c.At != 0 {
		r.n++
		r.begun += c.At
	}
}

func (r *running) remove(c *Claim) {
	if c.At != 0 {
		r.n--
		r.begun -= c.At
	}
}

// perSlot returns how long it takes, at least, until a slot becomes free: requests
// take longer than those in flight have on average taken so far.
func (r *running) perSlot(now netloop.Time) time.Duration {
	if r.n == 0 {
		return 0
	}
	n := netloop.Time(r.n)
	return time.Duration((now*n - r.begun) / n / n) // the sum may overflow; the difference does not
}

// maxRetryAfter bounds the advice to clients: nobody can predict the state of a
// queue further ahead.
const maxRetryAfter = time.Minute

// RetryAfter returns when a client should retry a request that is refused now:
// once the waiting requests have been served, at the recent pace. If no slot has
// become free recently, the times of the requests in flight tell the least that it
// can be. It is between a second and a minute, in whole seconds.
func (p *Pool) RetryAfter(now netloop.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pace.tick(now)
	d := p.pace.estimate(p.waiting, now)
	if p.pace.done == p.pace.older.done {
		d = max(d, time.Duration(p.waiting)*min(p.running.perSlot(now), maxRetryAfter))
	}
	d = (d + time.Second - 1).Truncate(time.Second)
	return min(max(d, time.Second), maxRetryAfter)
}
