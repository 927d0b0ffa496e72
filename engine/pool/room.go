package pool

// Admits returns the error with which Claim would fail at once: ErrClosed,
// ErrFailed or ErrFull. With nil, the claim would be granted, or wait. A request
// asks before its body is taken in, for which it has no place in the queue yet.
func (p *Pool) Admits(c *Claim) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return ErrClosed
	case p.hopeless():
		return ErrFailed
	case p.isFull() && p.victim(c) == nil && (p.choose(c) == nil || !p.wouldAdmit()):
		p.stats.Full++
		return ErrFull
	}
	return nil
}
