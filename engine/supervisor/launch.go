package supervisor

import "context"

// A launch is the crews of several groups, none of them in service yet, which
// the supervisor's goroutine waits for together.
type launch struct {
	crews []*launched
	news  chan struct{}
}

// A launched is a crew, and its group, which owns it.
type launched struct {
	*crew
	group *group
	told  int // how many of the crew have been told of as ready
}

func newLaunch() *launch { return &launch{news: make(chan struct{}, 1)} }

// add starts the workers of some indexes of a group, together. Company says
// that others of the group are up already. A group is added once.
func (l *launch) add(g *group, t target, company bool, indexes []int) *crew {
	var c *crew
	g.do(func() {
		c = newCrew(company, l.news)
		for _, index := range indexes {
			g.board(c, index, t)
		}
	})
	if c == nil { // the group has ended: so does the supervisor
		c = new(crew)
	}
	l.crews = append(l.crews, &launched{crew: c, group: g})
	return c
}

// await calls ready for each worker that has become so, and returns once all
// are at the same time, or a crew is given up.
func (l *launch) await(ctx context.Context, ready func(*group)) error {
	for {
		all := true
		for _, c := range l.crews {
			n, want, err := 0, 1, (*StartError)(nil)
			c.group.do(func() { n, want, err = c.ready(), len(c.berths), c.err })
			if err != nil {
				return err
			}
			for ; c.told < n; c.told++ {
				ready(c.group)
			}
			all = all && n == want
		}
		if all {
			return nil
		}
		select {
		case <-l.news:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
