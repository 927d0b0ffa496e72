package supervisor

import (
	"fmt"
	"time"
)

// A batch is the workers of one group that a start, a reload, a scale or a
// restart starts together. One of them may fail where the others do not: it
// has lost a race for something that all of them create. So while another is
// up, or has not failed yet, a failed start counts as a crash: it is repeated
// after a pause, up to max_restarts_on_crash times and within startup_timeout
// of the first. Only when every worker has failed the batch is given up at once:
// then it is the app that is at fault.
//
// The group's goroutine owns it.
type batch struct {
	candidates []*candidate
	company    bool // other workers of the group stay, and are up
	err        *StartError
	over       bool            // nobody waits for it any more: no start is repeated
	news       chan<- struct{} // holds one when something has changed
}

// A candidate is the place of one worker in a batch.
type candidate struct {
	batch  *batch
	member *member       // the newest
	until  time.Time     // startup_timeout after the first start; zero = there was none, or it has no limit
	failed []*StartError // one for each start that has failed
}

// newBatch returns a batch without workers.
func newBatch(company bool, news chan<- struct{}) *batch {
	return &batch{company: company, news: news}
}

// tell has whoever waits for the batch look at it. It never blocks.
func (b *batch) tell() {
	select {
	case b.news <- struct{}{}:
	default: // he has not looked yet
	}
}

// end says that nobody waits for the batch any more.
func (b *batch) end() {
	b.over = true
	b.tell()
}

// ready counts the workers that are ready, and have not ended since.
func (b *batch) ready() (n int) {
	for _, c := range b.candidates {
		if c.isReady() {
			n++
		}
	}
	return n
}

func (c *candidate) isReady() bool { return c.member.state == StateReady && !hasEnded(c.member) }

// members are the newest of all candidates.
func (b *batch) members() []*member {
	members := make([]*member, len(b.candidates))
	for i, c := range b.candidates {
		members[i] = c.member
	}
	return members
}

// last is the newest failure of a candidate whose worker is not ready any more.
func (c *candidate) last() *StartError {
	if n := len(c.failed); n > 0 {
		return c.failed[n-1]
	}
	return c.member.died()
}

// hasEnded reports whether the process of a member that was ready has ended.
func hasEnded(m *member) bool {
	select {
	case <-m.proc.Exited():
		return true
	default:
		return false
	}
}

// died is the error where a member was ready and has ended too soon.
func (m *member) died() *StartError {
	return &StartError{Group: m.group.name, Worker: m.index, Err: errDied, Stderr: m.proc.Stderr()}
}

// nominate adds a worker to the batch and starts it.
func (g *group) nominate(b *batch, index int, t target) *candidate {
	c := &candidate{batch: b}
	c.member = g.spawn(t, index, 0, c)
	b.candidates = append(b.candidates, c)
	return c
}

// begun notes that the process of a candidate is there, from when on a worker may
// take startup_timeout until it is ready.
func (c *candidate) begun() {
	if c.until.IsZero() && c.member.startup > 0 {
		c.until = time.Now().Add(c.member.startup)
	}
}

// again notes that a start has failed. It returns whether, and after which
// delay, it is to be repeated; left is what the repeated one has of
// startup_timeout, 0 for all of it. Otherwise the batch is given up.
func (g *group) again(c *candidate, failure *StartError) (delay, left time.Duration, ok bool) {
	b := c.batch
	c.failed = append(c.failed, failure)
	defer b.tell()
	switch tries, spec := len(c.failed), c.member.spec; {
	case b.over || b.err != nil:
	case !b.company && b.allFailed():
		b.err = b.failure(failure)
	case tries > spec.MaxRestartsOnCrash && tries > 1:
		b.err = failure.because("try %d of %d (max_restarts_on_crash)", tries, tries)
	case tries > spec.MaxRestartsOnCrash:
		b.err = failure
	default:
		delay = g.jitter(restartDelay(spec.RestartBackoffOnCrash, tries))
		c.begun() // or there would be no end of it
		if c.until.IsZero() {
			return delay, 0, true
		}
		if left = time.Until(c.until) - delay; left > 0 {
			return delay, left, true
		}
		if b.err = failure; tries > 1 {
			b.err = failure.because("try %d, no time is left for another (startup_timeout)", tries)
		}
	}
	return 0, 0, false
}

// allFailed reports whether every worker has failed and none is ready since.
func (b *batch) allFailed() bool {
	for _, c := range b.candidates {
		if len(c.failed) == 0 || c.isReady() {
			return false
		}
	}
	return true
}

// failure is the error of a batch that has failed as a whole: one for all.
func (b *batch) failure(last *StartError) *StartError {
	if len(b.candidates) == 1 {
		return last
	}
	all := *last
	all.All = len(b.candidates)
	return &all
}

// because adds to the reason of an error.
func (e *StartError) because(format string, args ...any) *StartError {
	more := *e
	more.Err = fmt.Errorf("%w; %s", e.Err, fmt.Sprintf(format, args...))
	return &more
}

// retry starts the worker of a candidate again, whose start has failed with a
// member that was not in service. It returns nil if the batch is given up.
func (g *group) retry(m *member, why RestartReason, failure *StartError) *member {
	c := m.candidate
	delay, left, ok := g.again(c, failure)
	if !ok {
		return nil
	}
	g.count(m.index, why)
	g.emitCrash(m.index, why, failure, delay)
	g.log.Warn("start failed, trying again", "worker", m.index, "failures", len(c.failed), "restart_in", delay.Round(time.Millisecond), "err", failure.Err)
	c.member = g.spawnWithin(target{spec: m.spec, generation: m.generation, startup: m.startup}, m.index, delay, left, c)
	return c.member
}
