package supervisor

import (
	"context"
	"fmt"
)

// A launch is the batches of several groups, none of them in service yet, which
// the supervisor's goroutine waits for together.
type launch struct {
	batches []*launched
	news    chan struct{}
}

// A launched is a batch, and its group, which owns it.
type launched struct {
	*batch
	group *group
	told  int // how many of the batch have been told of as ready
	said  trouble
}

func newLaunch() *launch { return &launch{news: make(chan struct{}, 1)} }

// add starts the workers of some indexes of a group, together. Company says
// that others of the group are up already. A group is added once.
func (l *launch) add(g *group, t target, company bool, indexes []int) *batch {
	var b *batch
	g.do(func() {
		b = newBatch(company, l.news)
		for _, index := range indexes {
			g.prepare(b, index, t)
		}
	})
	if b == nil { // the group has ended: so does the supervisor
		b = new(batch)
	}
	l.batches = append(l.batches, &launched{batch: b, group: g})
	return b
}

// await tells o how the start goes, and returns once all workers are ready at the
// same time, or a batch is given up.
func (l *launch) await(ctx context.Context, o *observer) error {
	for {
		var waits []string
		why := ""
		for _, c := range l.batches {
			n, want, err, now := 0, 1, (*StartError)(nil), trouble{}
			c.group.do(func() { n, want, err, now = c.ready(), len(c.successions), c.err, c.trouble() })
			if err != nil {
				return err
			}
			for ; c.told < n; c.told++ {
				o.ready(c.group)
			}
			if n == want {
				continue
			}
			waits = append(waits, c.group.name)
			if now.reason != "" && now != c.said {
				o.unready(c.group, now)
			}
			if c.said = now; why == "" && now.reason != "" {
				why = fmt.Sprintf("%s.%d: %s", c.group.name, now.worker, now.reason)
			}
		}
		o.waits(waits, why)
		if len(waits) == 0 {
			return nil
		}
		select {
		case <-l.news:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
