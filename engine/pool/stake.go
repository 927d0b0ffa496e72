package pool

import "slices"

// A stake is what each of some requests and tunnels in flight has of the limits.
// They give that back, whatever limits their pool has by then.
type stake struct {
	limits []*limit // replaced, never modified
	n      int      // requests and tunnels
}

// restake makes the requests in flight count for the share's limits as well, and
// those that get a slot from now on count for these only.
func (s *share) restake() {
	if s.stake != nil {
		s.older = append(s.older, s.stake)
	}
	s.older = slices.DeleteFunc(s.older, func(st *stake) bool { return st.n == 0 })
	for _, st := range s.older {
		for _, l := range s.limits {
			if !slices.Contains(st.limits, l) {
				l.used += st.n
				st.limits = append(slices.Clone(st.limits), l)
			}
		}
	}
	s.stake = &stake{limits: s.limits}
}

// giveBack returns what a claim has of the limits.
func (p *Pool) giveBack(c *Claim) {
	st := c.stake
	st.n--
	if st.limits != nil {
		p.stirred = p.limits.giveBack(st) || p.stirred
	}
}
