package pool

import "slices"

// Key hashes text that identifies a request to a claim's key: equal texts give
// equal keys, in every process. The key is never 0, which means no key.
func Key[T string | []byte](text T) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	return max(mix(h), 1)
}

// mix spreads the bits of h (the finalizer of MurmurHash3).
func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// salt returns the value that makes the scores of a worker differ from those of
// others.
func salt(index int) uint64 { return mix(uint64(index) + 1) }

// own returns the worker that c is for, or nil if any worker can serve it.
func (p *Pool) own(c *Claim) *Worker {
	switch {
	case c.Home != nil && c.Home.pool == p && !c.Home.retired:
		return c.Home
	case c.Seat != 0:
		return p.seat(c.Seat - 1)
	case c.Key != 0 && (p.sticky || c.Chosen):
		return p.home(c.Key, c.avoid)
	}
	return nil
}

// Owner returns the index of the worker that a claim is for. It reports false if any
// worker can serve it.
func (p *Pool) Owner(c *Claim) (index int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.own(c); w != nil {
		return w.Index, true
	}
	return 0, false
}

// seat returns the newest worker with an index, or nil.
func (p *Pool) seat(index int) *Worker {
	for _, w := range slices.Backward(p.workers) {
		if w.Index == index {
			return w
		}
	}
	return nil
}

// home returns the worker of a key other than avoid, or nil: the worker that
// has the highest score with the key (rendezvous hashing). Scores depend only
// on indexes, so a key stays with its index when a reload replaces the
// processes, and a worker that leaves moves no other worker's keys. Among
// workers with the same index, the newest wins.
//
// It looks at every worker, at a few nanoseconds each. Unless a group has
// hundreds of workers, that costs less than a table would.
func (p *Pool) home(key uint64, avoid *Worker) *Worker {
	if len(p.workers) == 1 {
		avoid = nil
	}
	var best *Worker
	var most uint64
	for i, salt := range p.salts {
		if score := mix(key ^ salt); score >= most && p.workers[i] != avoid {
			best, most = p.workers[i], score
		}
	}
	return best
}
