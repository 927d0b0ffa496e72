package supervisor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/shortage"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// These constants control how often a starting worker's health is checked:
// often at first, then rarely enough for an app that takes minutes to load. An
// answer may take as long as the start may, because many apps load what they
// need on the first request.
const (
	firstGate = 20 * time.Millisecond
	lastGate  = 500 * time.Millisecond
)

// stuckAfter is how long a worker may have requests in hand without answering
// any before its health is checked out of turn. This finds a blocked event loop
// sooner than the interval would. stuckLook is how often the condition is
// checked, which costs almost nothing.
const (
	stuckAfter = time.Second / 2
	stuckLook  = stuckAfter / 4
)

// awaitHealthy returns nil once a starting worker answers its health check with
// a 2xx status. It does not count failures: only startup_timeout, in ctx, ends
// the wait. So that nobody has to wait that long to learn the reason, it logs
// the first failed check and each later one that fails for a different reason.
func (m *member) awaitHealthy(ctx context.Context, proc process) error {
	if m.spec.HealthPath == "" {
		return nil
	}
	ctx, cancel := untilExit(ctx, proc)
	defer cancel()
	slow := sync.OnceFunc(func() {
		m.group.log.Info("health check has no answer yet", "worker", m.index, "path", m.spec.HealthPath, "waited", m.spec.HealthTimeout)
	})
	var last error
	for wait := firstGate; ; wait = min(wait*3/2, lastGate) {
		impatience := time.AfterFunc(m.spec.HealthTimeout, slow)
		err := proc.Check(ctx, worker.HealthOf(m.spec))
		impatience.Stop()
		if err == nil {
			return nil
		}
		if ctx.Err() == nil && (last == nil || checkReason(last) != checkReason(err)) {
			m.group.log.Warn("health check failed", "worker", m.index, "err", brief(err))
			m.group.post(func() { m.group.troubled(m, brief(err).Error()) })
		}
		if last == nil || ctx.Err() == nil { // a check that was cut short says less than the one before
			last = err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return gateError(ctx, proc, last)
		}
	}
}

// checkReason returns the same string for two checks that failed in the same
// way. For an answer it is the status alone, because an app may redirect to a
// different place each time.
func checkReason(err error) string {
	var failed *worker.CheckError
	if errors.As(err, &failed) && failed.Status != 0 {
		return strconv.Itoa(failed.Status)
	}
	return err.Error()
}

// brief returns the error of a check without the request headers, which the
// error of the start includes.
func brief(err error) error {
	var failed *worker.CheckError
	if errors.As(err, &failed) {
		return failed.Brief()
	}
	return err
}

// gateError returns why a worker did not become healthy: what ended the wait,
// and the last answer if there was one.
func gateError(ctx context.Context, proc process, last error) error {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errExited):
		return errors.New(proc.Wait().String())
	case errors.Is(last, cause):
		return last
	}
	return fmt.Errorf("%w: %w", cause, last)
}

// errExited is the cause of a context that was canceled because the process
// exited.
var errExited = errors.New("the process has exited")

// untilExit returns a context that is also canceled when the process exits:
// otherwise a child that the process leaves behind could keep a health check
// open. The caller must cancel it.
func untilExit(ctx context.Context, proc process) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-proc.Exited():
			cancel(errExited)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil); <-ended }
}

// A pulse is what the supervisor knows about the health of a worker in service.
type pulse struct {
	passed   worker.Health // the last check that it passed
	failures int           // in a row
	asked    time.Time     // time of the last check
	warned   bool          // about a check that it has never passed
	short    bool          // it was said that there was no descriptor for a check

	answered int64     // requests answered; -1 while none is in hand
	moved    time.Time // when answered last changed
}

// stuck reports whether the worker has had requests in hand for stuckAfter
// without answering any.
func (p *pulse) stuck(w *pool.Worker, now time.Time) bool {
	if n := answered(w); n < 0 || n != p.answered {
		p.answered, p.moved = n, now
	}
	return now.Sub(p.moved) >= stuckAfter
}

// watchHealth checks a worker in service until ctx ends or the worker is
// unhealthy.
func (m *member) watchHealth(ctx context.Context, proc process, w *pool.Worker) {
	ctx, cancel := untilExit(ctx, proc)
	defer cancel()
	p := pulse{passed: worker.HealthOf(m.spec), asked: time.Now(), answered: -1}
	for m.awaitCheck(ctx, w, &p) {
		spec := m.group.settings.Load().spec
		err := check(ctx, proc, spec)
		if ctx.Err() != nil {
			return
		}
		if m.judge(&p, spec, err); p.failures >= spec.UnhealthyAfter {
			m.group.post(func() { m.group.unhealthy(m, fmt.Errorf("%d failed checks in a row: %w", p.failures, err)) })
			return
		}
	}
}

func check(ctx context.Context, proc process, spec *plan.Group) error {
	ctx, cancel := context.WithTimeoutCause(ctx, spec.HealthTimeout, fmt.Errorf("no answer within %v (health_timeout)", spec.HealthTimeout))
	defer cancel()
	return proc.Check(ctx, worker.HealthOf(spec))
}

// judge records the result of a check. A kept worker may be too old to know a
// path or headers that a reload introduced, so a failure does not count until
// the worker has passed that check once. Nor does one for which the master has no file
// descriptor: it says nothing about the worker.
func (m *member) judge(p *pulse, spec *plan.Group, err error) {
	asked := worker.HealthOf(spec)
	switch {
	case err == nil:
		p.passed, p.failures, p.warned, p.short = asked, 0, false, false
	case shortage.OfFiles(err):
		if !p.short {
			p.short = true
			m.group.log.Warn("no descriptor for a health check, not counted", "worker", m.index, "err", shortage.Explain(err))
		}
	case p.passed.Equal(asked):
		p.failures++
	case !p.warned:
		p.warned, p.failures = true, 0
		m.group.log.Warn("health_path does not work on a kept worker, not counted", "worker", m.index, "err", err)
	}
}

// awaitCheck waits until the next check is due. It returns false when ctx ends.
// After a failed check the next one comes after health_timeout at the latest,
// so that the checks of a hung worker follow each other without a pause.
func (m *member) awaitCheck(ctx context.Context, w *pool.Worker, p *pulse) bool {
	for {
		set := m.group.settings.Load()
		gap := set.spec.HealthInterval
		if p.failures > 0 {
			gap = min(gap, set.spec.HealthTimeout)
		}
		now := time.Now()
		due := p.asked.Add(gap).Sub(now)
		var tick <-chan time.Time
		if set.spec.HealthPath != "" {
			if stuck := p.stuck(w, now); stuck && p.failures == 0 || due <= 0 {
				p.asked, p.moved = now, now
				return true
			}
			tick = time.After(min(due, stuckLook))
		}
		select {
		case <-tick:
		case <-set.changed:
		case <-ctx.Done():
			return false
		}
	}
}

// answered returns how many requests the worker has finished, or -1 if it has
// no request in hand.
func answered(w *pool.Worker) int64 {
	requests, _ := w.InFlight()
	if requests == 0 {
		return -1
	}
	return int64(w.Served()) - int64(requests)
}

// unhealthy takes a worker that failed its health checks out of service
// immediately and starts a replacement. Requests in flight on the old worker
// can finish until the new one is ready.
func (g *group) unhealthy(m *member, err error) {
	if !g.dismiss(m, err) {
		return
	}
	sc := g.seats[m.index].succession
	if sc == nil || sc.next.state == api.StateBackoff {
		g.release(m, true)
		return
	}
	sc.old = m
}

// dismiss retires a worker that runs but does not work, and starts a
// replacement. It counts as a crash, so that an app that always hangs is not
// restarted forever without a pause. If the worker is already on its way out,
// dismiss does nothing and returns false.
func (g *group) dismiss(m *member, err error) bool {
	if !m.current || m.state != api.StateReady || m.ctx.Err() != nil || g.closing {
		return false
	}
	g.pool.Swap(nil, readyOf([]*member{m}))
	failure := &StartError{Group: g.name, Worker: m.index, Stderr: m.proc.Stderr(), Err: fmt.Errorf("unhealthy: %w", err)}
	g.refill(m, api.RestartUnhealthy, time.Since(m.since), failure)
	g.release(m, false) // after the reason was reported
	return true
}

// relieve ends the requests that an unhealthy worker still has in flight: the
// next worker is ready or has failed.
func (g *group) relieve(sc *succession) {
	if old := sc.relieved(); old != nil {
		g.release(old, true)
	}
}
