package supervisor

import (
	"context"
	"fmt"
)

// A launch is a set of batches of several groups that are not yet in service.
// The supervisor's goroutine waits for them together.
type launch struct {
	batches []*launched
	news    chan struct{}
}

// A launched is a batch with the group that owns it.
type launched struct {
	*batch
	group *group
	told  int     // how many workers of the batch have been reported as ready
	said  trouble // the last one reported
}

func newLaunch() *launch { return &launch{news: make(chan struct{}, 1)} }

// add starts the workers for the given indexes of a group together. company
// says whether other workers of the group are already up. A group can be added
// only once.
func (l *launch) add(g *group, t target, company bool, indexes []int) *batch {
	var b *batch
	g.do(func() {
		b = newBatch(company, l.news)
		for _, index := range indexes {
			g.prepare(b, index, t)
		}
	})
	if b == nil { // the group has ended, so the supervisor is stopping
		b = new(batch)
	}
	l.batches = append(l.batches, &launched{batch: b, group: g})
	return b
}

// await reports to o how the start is going. It returns nil once all workers
// are ready at the same time, or an error when a batch fails.
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
