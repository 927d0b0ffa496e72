package pool

import (
	"cmp"
	"slices"
)

// A Want is what a waiting request waits for. The zero Want is that of a request
// that does not wait.
type Want struct {
	Kind   WantKind
	Limit  string // the name of the limit, for WantLimit
	Worker int    // its index, for WantWorker
}

// A WantKind is a kind of Want.
type WantKind string

// The kinds.
const (
	WantSlot   WantKind = "slot"    // a free slot of any worker
	WantWorker WantKind = "worker"  // a free slot of the worker that the request belongs to
	WantLimit  WantKind = "limit"   // a shared limit: a worker has a free slot
	WantHold   WantKind = "release" // the end of a hold
	WantReady  WantKind = "ready"   // a worker to become ready: there is none
	WantShare  WantKind = "share"   // its client, which has its share of the buffers; not of a pool
)

// Wants returns what a claim waits for. Any goroutine may call it while no other
// pool than this can be asked for the claim.
func (p *Pool) Wants(c *Claim) Want {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wants(c)
}

func (p *Pool) wants(c *Claim) Want {
	if c.queue == nil {
		return Want{}
	}
	own := p.own(c)
	switch {
	case p.isHeld():
		return Want{Kind: WantHold}
	case len(p.workers) == 0:
		return Want{Kind: WantReady}
	case own != nil && !p.hasSlot(own):
		return Want{Kind: WantWorker, Worker: own.Index}
	case p.limited() && (own != nil || p.pick(c.avoid, false) != nil):
		return Want{Kind: WantLimit, Limit: p.limits.tightest(&p.share)}
	}
	return Want{Kind: WantSlot}
}

// Missed returns what a claim that ended with netloop.ErrTimeout waited for at
// the end.
func (c *Claim) Missed() Want { return c.missed }

// tightest returns the name of the limit of a share that has the fewest units
// left.
func (ls *Limits) tightest(s *share) string {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return slices.MinFunc(s.limits, func(a, b *limit) int { return cmp.Compare(a.size-a.used, b.size-b.used) }).name
}
