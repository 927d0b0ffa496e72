package supervisor

import (
	"fmt"
	"time"
)

// A crew is the workers of one group that a start, a reload, a scale or a
// restart starts together. One of them may fail where the others do not: it
// has lost a race for something that all of them create. So while another is
// up, or has not failed yet, a failed start counts as a crash: it is repeated
// after a pause, up to max_restarts_on_crash times and within startup_timeout
// of the first. Only when every worker has failed the crew is given up at once:
// then it is the app that is at fault.
//
// The group's goroutine owns it.
type crew struct {
	berths  []*berth
	company bool // other workers of the group stay, and are up
	err     *StartError
	over    bool            // nobody waits for it any more: no start is repeated
	news    chan<- struct{} // holds one when something has changed
}

// A berth is the place of one worker in a crew.
type berth struct {
	crew   *crew
	member *member       // the newest
	until  time.Time     // startup_timeout after the first start; zero = there was none, or it has no limit
	failed []*StartError // one for each start that has failed
}

// newCrew returns a crew without workers.
func newCrew(company bool, news chan<- struct{}) *crew {
	return &crew{company: company, news: news}
}

// tell has whoever waits for the crew look at it. It never blocks.
func (c *crew) tell() {
	select {
	case c.news <- struct{}{}:
	default: // he has not looked yet
	}
}

// end says that nobody waits for the crew any more.
func (c *crew) end() {
	c.over = true
	c.tell()
}

// ready counts the workers that are ready, and have not ended since.
func (c *crew) ready() (n int) {
	for _, b := range c.berths {
		if b.isReady() {
			n++
		}
	}
	return n
}

func (b *berth) isReady() bool { return b.member.state == StateReady && !hasEnded(b.member) }

// members are the newest of all berths.
func (c *crew) members() []*member {
	members := make([]*member, len(c.berths))
	for i, b := range c.berths {
		members[i] = b.member
	}
	return members
}

// last is the newest failure of a berth whose worker is not ready any more.
func (b *berth) last() *StartError {
	if n := len(b.failed); n > 0 {
		return b.failed[n-1]
	}
	return b.member.died()
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

// board adds a worker to the crew and starts it.
func (g *group) board(c *crew, index int, t target) *berth {
	b := &berth{crew: c}
	b.member = g.spawn(t, index, 0, b)
	c.berths = append(c.berths, b)
	return b
}

// begun notes that the process of a berth is there, from when on a worker may
// take startup_timeout until it is ready.
func (b *berth) begun() {
	if b.until.IsZero() && b.member.startup > 0 {
		b.until = time.Now().Add(b.member.startup)
	}
}

// again notes that a start has failed. It returns whether, and after which
// delay, it is to be repeated; left is what the repeated one has of
// startup_timeout, 0 for all of it. Otherwise the crew is given up.
func (g *group) again(b *berth, failure *StartError) (delay, left time.Duration, ok bool) {
	c := b.crew
	b.failed = append(b.failed, failure)
	defer c.tell()
	switch tries, spec := len(b.failed), b.member.spec; {
	case c.over || c.err != nil:
	case !c.company && c.allFailed():
		c.err = c.failure(failure)
	case tries > spec.MaxRestartsOnCrash && tries > 1:
		c.err = failure.because("try %d of %d (max_restarts_on_crash)", tries, tries)
	case tries > spec.MaxRestartsOnCrash:
		c.err = failure
	default:
		delay = g.jitter(restartDelay(spec.RestartBackoffOnCrash, tries))
		b.begun() // or there would be no end of it
		if b.until.IsZero() {
			return delay, 0, true
		}
		if left = time.Until(b.until) - delay; left > 0 {
			return delay, left, true
		}
		if c.err = failure; tries > 1 {
			c.err = failure.because("try %d, no time is left for another (startup_timeout)", tries)
		}
	}
	return 0, 0, false
}

// allFailed reports whether every worker has failed and none is ready since.
func (c *crew) allFailed() bool {
	for _, b := range c.berths {
		if len(b.failed) == 0 || b.isReady() {
			return false
		}
	}
	return true
}

// failure is the error of a crew that has failed as a whole: one for all.
func (c *crew) failure(last *StartError) *StartError {
	if len(c.berths) == 1 {
		return last
	}
	all := *last
	all.All = len(c.berths)
	return &all
}

// because adds to the reason of an error.
func (e *StartError) because(format string, args ...any) *StartError {
	more := *e
	more.Err = fmt.Errorf("%w; %s", e.Err, fmt.Sprintf(format, args...))
	return &more
}

// retry starts the worker of a berth again, whose start has failed with a
// member that was not in service. It returns nil if the crew is given up.
func (g *group) retry(m *member, why RestartReason, failure *StartError) *member {
	b := m.berth
	delay, left, ok := g.again(b, failure)
	if !ok {
		return nil
	}
	g.count(m.index, why)
	g.log.Warn("start failed, trying again", "worker", m.index, "failures", len(b.failed), "restart_in", delay.Round(time.Millisecond), "err", failure.Err)
	b.member = g.spawnWithin(target{spec: m.spec, generation: m.generation, startup: m.startup}, m.index, delay, left, b)
	return b.member
}
