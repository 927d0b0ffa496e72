package pool

import "time"

// Hold makes every request wait in the queue until Resume. Requests in flight
// continue, and the limits of the queue still apply. Hold returns false if the
// pool was already held or is closed.
func (p *Pool) Hold() bool {
	p.mu.Lock()
	defer p.unlock()
	if p.closed || p.isHeld() {
		return false
	}
	p.held = time.Now()
	return true
}

// Resume ends a hold and returns when it began, or the zero Time if the pool
// was not held.
func (p *Pool) Resume() (since time.Time) {
	p.mu.Lock()
	defer p.unlock()
	since, p.held = p.held, time.Time{}
	p.calm = p.last
	p.redistribute()
	return since
}

func (p *Pool) isHeld() bool { return !p.held.IsZero() }
