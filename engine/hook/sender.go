package hook

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// quietFor is how long the log says no more about a hook that fails.
const quietFor = time.Minute

// A sender delivers events to one hook.
type sender struct {
	n       *Notifier
	hook    *plan.Hook
	name    string
	group   atomic.Pointer[plan.Group] // of the program
	deliver func(ctx context.Context, body []byte) error
	events  *event.Reader // read's
	queue   *queue

	ctx     context.Context // done when nothing more is to be delivered
	giveUp  context.CancelFunc
	reading context.Context // done when no more events are to be read
	finish  context.CancelFunc

	delivered, failed atomic.Uint64

	// Owned by send.
	missed uint64    // events that were not delivered since the last one that was
	told   time.Time // when the log last told of a failure
	untold int       // failures since then
}

// newSender returns a sender of the events from now on.
func newSender(n *Notifier, h *plan.Hook) *sender {
	s := &sender{n: n, hook: h, name: h.Name(), events: n.opts.Events.Read(nil, 0), queue: newQueue()}
	s.ctx, s.giveUp = context.WithCancel(context.Background())
	s.reading, s.finish = context.WithCancel(s.ctx)
	return s
}

func (s *sender) counts() Counts {
	return Counts{Delivered: s.delivered.Load(), Failed: s.failed.Load(), Dropped: s.queue.droppedEver()}
}

// read puts the events of the hook into the queue, until no more are to be read.
func (s *sender) read() {
	defer s.queue.close()
	for last := false; !last; {
		s.events.Wait(s.reading)
		last = s.reading.Err() != nil // what there is now is still taken
		all, lost := s.events.Take()
		s.queue.drop(lost)
		for i := range all {
			if slices.Contains(s.hook.Events, all[i].Kind) {
				s.queue.add(all[i].Public())
			}
		}
	}
}

// send delivers what is in the queue.
func (s *sender) send() {
	defer s.giveUp() // which frees the contexts
	for {
		e, dropped, ok := s.queue.take(s.ctx)
		if !ok {
			return
		}
		s.missed += dropped
		s.one(e)
	}
}

// one delivers one event.
func (s *sender) one(e api.Event) {
	body, err := json.Marshal(api.Notification{Event: e, Host: s.n.host, Master: os.Getpid(), Config: s.n.opts.Config, Dropped: s.missed})
	if err != nil {
		return // does not happen to a Notification
	}
	begun := time.Now()
	err = s.deliver(s.ctx, append(body, '\n'))
	if s.ctx.Err() != nil {
		return // given up
	}
	tell := api.Event{Kind: api.EventHook, Took: time.Since(begun).Seconds(), Reason: s.name + ": " + string(e.Kind) + " of " + e.Subject()}
	if err == nil {
		s.missed = 0
		s.delivered.Add(1)
		if !s.told.IsZero() {
			s.told, s.untold = time.Time{}, 0
			s.n.opts.Log.Info("hook works again", "hook", s.name)
		}
	} else {
		s.missed++
		s.failed.Add(1)
		tell.Kind, tell.Reason = api.EventHookFailed, tell.Reason+": "+err.Error()
		s.complain(&e, err)
	}
	s.n.opts.Events.Emit(tell)
}

// complain logs a failure, unless the log has told of one a short time ago.
func (s *sender) complain(e *api.Event, err error) {
	if time.Since(s.told) < quietFor {
		s.untold++
		return
	}
	hint, bare := worker.Advice(err)
	attrs := []any{"hook", s.name, "event", e.Kind, "err", bare}
	if hint != "" {
		attrs = append(attrs, "hint", hint)
	}
	if s.untold > 0 {
		attrs = append(attrs, "more", s.untold)
	}
	s.n.opts.Log.Warn("hook failed", attrs...)
	s.told, s.untold = time.Now(), 0
}
