package pool

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// Claim is like TryClaim, but if there is no free slot, it waits in the pool's
// queue. The wait is limited by queue_timeout, even if that changes in the
// meantime. Without a queue_timeout it is limited by startup (0 means no limit)
// while the pool has no worker. Time that a repeated request waited before
// counts, too. Other errors are those of netloop.Task.Park, including
// ErrTimeout; after an error the claim holds no slot.
func (p *Pool) Claim(t netloop.Task, c *Claim, avoid *Worker, startup time.Duration) error {
	p.mu.Lock()
	err := p.enter(t, c, avoid)
	until := p.until(c, startup)
	p.unlock()
	for err == ErrBusy {
		if err = p.park(t, c, &until, startup); err == nil {
			c.waited = t.Now().Sub(c.since)
		}
	}
	return err
}

// enter claims a slot or, with ErrBusy, a place in the queue.
func (p *Pool) enter(t netloop.Task, c *Claim, avoid *Worker) error {
	now := t.Now()
	p.settle(now)
	err := p.tryClaim(c, avoid)
	if err == ErrBusy {
		p.pace.tick(now)
		p.entered = now
		if p.isFull() && !p.repeats(avoid) {
			p.evict(p.victim(c))
		}
		c.worker, c.err, c.task = nil, nil, t
		c.since = now - netloop.Time(c.waited)
		p.enqueue(c)
	}
	return err
}

// until returns when c has waited long enough; zero means never.
func (p *Pool) until(c *Claim, startup time.Duration) netloop.Time {
	switch {
	case p.timeout > 0:
		return c.since.Add(p.timeout)
	case len(p.workers) == 0:
		return max(c.since, p.bare).Add(startup)
	}
	return 0
}

// park waits until something has changed for c. ErrBusy means that it still has
// to wait.
func (p *Pool) park(t netloop.Task, c *Claim, until *netloop.Time, startup time.Duration) error {
	err := t.Park(*until)
	p.mu.Lock()
	if c.queue == nil {
		p.unlock()
		return c.settled(err)
	}
	defer p.unlock()
	was := *until
	*until = p.until(c, startup)
	if err == nil || err == netloop.ErrTimeout && later(*until, was) {
		return ErrBusy
	}
	p.leave(c, err)
	return err
}

// later reports whether a is a later limit than b.
func later(a, b netloop.Time) bool { return b != 0 && (a == 0 || a > b) }

// leave removes a claim that no longer waits from the queue.
func (p *Pool) leave(c *Claim, err error) {
	if err == netloop.ErrTimeout {
		c.missed = p.wants(c)
	}
	p.lose(c)
	p.dequeue(c)
	p.signal()
	if err == netloop.ErrTimeout {
		p.stats.TimedOut++
	} else {
		p.stats.Left++
	}
	c.task = nil
}

// settled returns the result of a wait that ended with err after the claim was
// granted or failed. A slot that was granted at the last moment is used; a slot
// that was granted after the client had left is given back.
func (c *Claim) settled(err error) error {
	switch {
	case c.err != nil:
		return c.err
	case err == nil || err == netloop.ErrTimeout:
		return nil
	}
	c.Release()
	return err
}
