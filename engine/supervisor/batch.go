package supervisor

import (
	"fmt"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// A batch is the set of successions in one group that a start, a reload, a
// scale or a restart begins together and waits for. One of them can fail while
// the others succeed, for example if it lost a race for something that all of
// them create. So as long as another worker is up, or has not failed yet, a
// failed start counts as a crash: the group repeats it after a pause, up to
// max_restarts_on_crash times and within startup_timeout of the first start.
// Once every worker has failed, the app itself is at fault and the batch fails
// immediately.
//
// The group's goroutine owns it.
type batch struct {
	successions []*succession
	company     bool // other workers of the group are up and stay
	err         *StartError
	over        bool            // nobody is waiting for the batch; do not repeat any start
	news        chan<- struct{} // has capacity 1; a value means that something has changed
}

// newBatch returns an empty batch.
func newBatch(company bool, news chan<- struct{}) *batch {
	return &batch{company: company, news: news}
}

// add adds a succession to the batch. On a nil batch it does nothing.
func (b *batch) add(sc *succession) {
	if b != nil {
		b.successions = append(b.successions, sc)
	}
}

// tell wakes the goroutine that waits for the batch. It never blocks.
func (b *batch) tell() {
	select {
	case b.news <- struct{}{}:
	default: // the waiter has not looked yet
	}
}

// end marks the batch as no longer awaited.
func (b *batch) end() {
	b.over = true
	b.tell()
}

// ready returns the number of workers that have become ready and have not
// exited since.
func (b *batch) ready() (n int) {
	for _, sc := range b.successions {
		if sc.isReady() {
			n++
		}
	}
	return n
}

// trouble returns the reason of the first worker that is not ready for a known
// reason.
func (b *batch) trouble() trouble {
	for _, sc := range b.successions {
		if sc.trouble != "" && !sc.isReady() {
			return trouble{sc.index, sc.trouble, sc.ended}
		}
	}
	return trouble{}
}

// members returns the next worker of every succession.
func (b *batch) members() []*member {
	members := make([]*member, len(b.successions))
	for i, sc := range b.successions {
		members[i] = sc.next
	}
	return members
}

// hasEnded reports whether the process of a member that became ready has
// exited.
func hasEnded(m *member) bool {
	select {
	case <-m.proc.Exited():
		return true
	default:
		return false
	}
}

// died returns the error for a member that became ready but exited too soon.
func (m *member) died() *StartError {
	return &StartError{Group: m.group.name, Worker: m.index, Err: errDied, Stderr: m.proc.Stderr()}
}

// prepare adds a succession to the batch and starts its worker. A plan decides
// when the worker enters service.
func (g *group) prepare(b *batch, index int, t target) {
	sc := &succession{index: index, target: t, batch: b}
	b.add(sc)
	g.spawn(sc, 0, 0)
}

// allFailed reports whether every worker has failed at least once and none is
// ready now.
func (b *batch) allFailed() bool {
	for _, sc := range b.successions {
		if len(sc.failed) == 0 || sc.isReady() {
			return false
		}
	}
	return true
}

// failure returns the one error that describes a batch that failed as a whole.
func (b *batch) failure(last *StartError) *StartError {
	if len(b.successions) == 1 {
		return last
	}
	all := *last
	all.All = len(b.successions)
	return &all
}

// because returns a copy of the error with an extended reason.
func (e *StartError) because(format string, args ...any) *StartError {
	more := *e
	more.Err = fmt.Errorf("%w; %s", e.Err, fmt.Sprintf(format, args...))
	return &more
}

// retry repeats the start of a succession whose next worker failed before it
// entered service. It returns false if the batch has failed instead.
func (g *group) retry(sc *succession, why api.RestartReason, failure *StartError) bool {
	delay, left, ok := sc.again(failure, g.jitter)
	if !ok {
		return false
	}
	if sc.lost == nil {
		sc.lost = make(api.Restarts)
	}
	sc.lost[why]++
	sc.trouble, sc.ended = visible.FirstLine(failure.Err.Error()), true
	g.emitSeat(api.EventStartFailed, sc.index, api.Event{Reason: failure.Err.Error(), RestartIn: delay.Seconds()}, failure.Stderr...)
	g.log.Warn("start failed, trying again", append([]any{"worker", sc.index, "failures", len(sc.failed), "restart_in", delay.Round(time.Millisecond)}, failure.attrs()...)...)
	g.spawn(sc, delay, left)
	return true
}
