package history

import (
	"cmp"
	"slices"
)

// A departed is a group, or a worker of a group, that is not there any more.
type departed struct {
	seen   uint64 // number of its last sample
	forget func()
}

// prune forgets what has gone longer ago than points are kept, and the oldest of the rest
// if there is too much, so that groups that are renamed again and again do not add up.
func (h *History) prune() {
	var groups, workers []departed
	for name, g := range h.groups {
		if g.seen != h.second {
			g.endMinute()
			groups = append(groups, departed{g.seen, func() { delete(h.groups, name) }})
		}
		for i, s := range g.workers {
			if s != nil && s.seen != h.second {
				s.endMinute()
				workers = append(workers, departed{s.seen, func() { g.workers[i] = nil }})
			}
		}
	}
	h.forget(groups, goneGroups)
	h.forget(workers, goneWorkers)
}

// forget forgets what is too old, and all but the newest most.
func (h *History) forget(gone []departed, most int) {
	slices.SortFunc(gone, func(a, b departed) int { return cmp.Compare(b.seen, a.seen) })
	for i, d := range gone {
		if i >= most || d.seen+keptMinutes*chunk <= h.second {
			d.forget()
		}
	}
}
