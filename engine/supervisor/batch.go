package supervisor

import (
	"fmt"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// A batch is the successions of one group that a start, a reload, a scale or a
// restart begins together, and waits for. One of them may fail where the others do not: it
// has lost a race for something that all of them create. So while another is
// up, or has not failed yet, a failed start counts as a crash: it is repeated
// after a pause, up to max_restarts_on_crash times and within startup_timeout
// of the first. Only when every worker has failed the batch is given up at once:
// then it is the app that is at fault.
//
// The group's goroutine owns it.
type batch struct {
	successions []*succession
	company     bool // other workers of the group stay, and are up
	err         *StartError
	over        bool            // nobody waits for it any more: no start is repeated
	news        chan<- struct{} // holds one when something has changed
}

// newBatch returns a batch without workers.
func newBatch(company bool, news chan<- struct{}) *batch {
	return &batch{company: company, news: news}
}

// add makes a succession one of the batch's; there may be no batch.
func (b *batch) add(sc *succession) {
	if b != nil {
		b.successions = append(b.successions, sc)
	}
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
	for _, sc := range b.successions {
		if sc.isReady() {
			n++
		}
	}
	return n
}

// trouble returns why the first worker that is not ready is not.
func (b *batch) trouble() trouble {
	for _, sc := range b.successions {
		if sc.trouble != "" && !sc.isReady() {
			return trouble{sc.index, sc.trouble}
		}
	}
	return trouble{}
}

// members are the next workers of all successions.
func (b *batch) members() []*member {
	members := make([]*member, len(b.successions))
	for i, sc := range b.successions {
		members[i] = sc.next
	}
	return members
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

// prepare adds a succession to the batch and starts its worker, which a plan
// puts into service.
func (g *group) prepare(b *batch, index int, t target) {
	sc := &succession{index: index, target: t, batch: b}
	b.add(sc)
	g.spawn(sc, 0, 0)
}

// allFailed reports whether every worker has failed and none is ready since.
func (b *batch) allFailed() bool {
	for _, sc := range b.successions {
		if len(sc.failed) == 0 || sc.isReady() {
			return false
		}
	}
	return true
}

// failure is the error of a batch that has failed as a whole: one for all.
func (b *batch) failure(last *StartError) *StartError {
	if len(b.successions) == 1 {
		return last
	}
	all := *last
	all.All = len(b.successions)
	return &all
}

// because adds to the reason of an error.
func (e *StartError) because(format string, args ...any) *StartError {
	more := *e
	more.Err = fmt.Errorf("%w; %s", e.Err, fmt.Sprintf(format, args...))
	return &more
}

// retry starts the next worker of a succession again, which was not in service
// and has failed. It reports false if the batch is given up.
func (g *group) retry(sc *succession, why api.RestartReason, failure *StartError) bool {
	delay, left, ok := sc.again(failure, g.jitter)
	if !ok {
		return false
	}
	if sc.lost == nil {
		sc.lost = make(api.Restarts)
	}
	sc.lost[why]++
	sc.trouble = failure.Err.Error()
	g.emitSeat(api.EventStartFailed, sc.index, api.Event{Reason: failure.Err.Error(), RestartIn: delay.Seconds()}, failure.Stderr...)
	g.log.Warn("start failed, trying again", "worker", sc.index, "failures", len(sc.failed), "restart_in", delay.Round(time.Millisecond), "err", failure.Err)
	g.spawn(sc, delay, left)
	return true
}
