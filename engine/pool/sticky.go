package pool

// Key makes a claim's key of what a request is known by: equal text gives an
// equal key, in every process. It is never 0, which stands for no key.
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

// salt is what makes the scores of a worker differ from those of others.
func salt(index int) uint64 { return mix(uint64(index) + 1) }

// binds reports whether a claim is for the one worker of its key.
func (p *Pool) binds(c *Claim) bool { return c.Key != 0 && (p.sticky || c.Chosen) }

// home returns the worker of a key that is not avoid, or nil: the one that
// scores highest with it (rendezvous hashing). Scores depend on indexes only,
// so that a key stays with its index when a reload replaces the processes, and
// a worker that leaves moves no other's keys. Among workers of one index the
// newest counts.
//
// It looks at every worker, a few nanoseconds each: that is less than a table
// would cost as long as a group has not hundreds.
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
