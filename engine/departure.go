package engine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/supervisor"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// A delay is the time for which a master serves on after it was told to stop. Use
// newDelay: the zero value is not usable.
type delay struct {
	mu     sync.Mutex           // guards length and over
	length func() time.Duration // nil as long as there is nobody to serve
	over   bool
	end    chan struct{} // closed once over
}

func newDelay() *delay { return &delay{end: make(chan struct{})} }

// use sets the function that returns how long the delay is. Any goroutine may call the
// function.
func (d *delay) use(length func() time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.length = length
}

// left returns how long the delay is, or 0 if it is over.
func (d *delay) left() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over || d.length == nil {
		return 0
	}
	return d.length()
}

// cut ends the delay, before it has begun or while it lasts. It reports whether that
// makes a difference.
func (d *delay) cut() bool {
	some := d.left() > 0
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return false
	}
	d.over = true
	close(d.end)
	return some
}

// A departure is the actor that waits until the master is told to stop, and then for
// shutdown_delay.
type departure struct {
	engine *Engine
	events *event.Stream
	delay  *delay
	depart func() // makes the clients leave; called before the delay
	// left returns how many requests are in flight, and for how long they can go on.
	left  func() (requests int, limit time.Duration)
	told  *standing // for the service manager
	shown atomic.Pointer[api.Stopping]
}

// stopping says since when the master has been stopping. It returns nil if it is not.
// Any goroutine may call it.
func (d *departure) stopping() *api.Stopping { return d.shown.Load() }

// await waits until stop is done and the delay is over, and returns the cause of the
// stop. Only a stop that somebody asked for has a delay, which the end of ctx cuts
// short.
func (d *departure) await(ctx, stop context.Context) error {
	<-stop.Done()
	cause := context.Cause(stop)
	reason := cause.Error()
	if !errors.Is(cause, errStop) { // Run returns the failure, and its caller reports it
		reason = visible.FirstLine(reason)
		if start := new(supervisor.StartError); errors.As(cause, &start) {
			if reason = "workers did not start"; start.Command != "" {
				reason = "before_start failed"
			}
		}
	}
	d.told.stops(reason)
	if length := d.delay.left(); length > 0 && errors.Is(cause, errStop) {
		d.linger(ctx, reason, length)
	}
	d.delay.cut() // the next signal counts as if there had been no delay
	now := api.Stopping{Since: time.Now(), Reason: reason}
	if before := d.shown.Load(); before != nil {
		now.Since = before.Since
	}
	d.shown.Store(&now)
	d.engine.log.Info("stopping", "reason", reason)
	d.events.Emit(api.Event{Kind: api.EventShutdown, Reason: reason})
	if requests, limit := d.left(); requests > 0 && errors.Is(cause, errStop) {
		d.engine.log.Info("finishing requests", "requests", requests, "shutdown_timeout", limit, "hint", d.cutting(cause))
	}
	return cause
}

// cutting says how to cut the requests that a stop waits for.
func (d *departure) cutting(cause error) string {
	if errors.Is(cause, errSignal) {
		return "another TERM or INT cuts them"
	}
	return "TERM or INT twice cuts them"
}

// linger lets the clients leave.
func (d *departure) linger(ctx context.Context, reason string, length time.Duration) {
	timer := time.NewTimer(length)
	defer timer.Stop()
	d.depart()
	begun := time.Now()
	d.shown.Store(&api.Stopping{Since: begun, Reason: reason, Until: begun.Add(length)})
	d.engine.log.Info("stopping soon", "reason", reason, "shutdown_delay", length, "hint", "another TERM or INT ends the delay")
	d.events.Emit(api.Event{Kind: api.EventLeaving, Reason: reason, StopIn: length.Seconds()})
	select {
	case <-timer.C:
	case <-d.delay.end:
	case <-ctx.Done():
	}
}
