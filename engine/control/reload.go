package control

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// A ReloadRequest is the body of POST /v1/reload.
type ReloadRequest struct {
	Replace []string     `json:"replace"`        // groups to replace whatever changed
	All     bool         `json:"all"`            // replace every group
	Plan    *plan.Report `json:"plan,omitempty"` // apply nothing but what this one says
	NoWait  bool         `json:"no_wait"`        // answer once the request is taken
}

// A ReloadEvent is one line of the answer to a ReloadRequest: a step that the
// reload has made. The last one is that of a failure, or of the end of the old
// workers.
type ReloadEvent struct {
	FormatVersion int       `json:"format_version"`
	Event         EventKind `json:"event"`

	// Of a group's step.
	Group      string `json:"group,omitempty"`
	Workers    int    `json:"workers,omitempty"`    // new ones, or old ones that are replaced, drain or are restored
	Ready      int    `json:"ready,omitempty"`      // of these: ready, replaced or restored
	Requests   int    `json:"requests,omitempty"`   // in flight on old workers
	Websockets int    `json:"websockets,omitempty"` // open on old workers

	// Of applied.
	Generation int          `json:"generation,omitempty"`
	Report     *plan.Report `json:"report,omitempty"` // what was done

	// Of failed.
	Error   string   `json:"error,omitempty"`
	Outcome string   `json:"outcome,omitempty"` // what has become of workers that had been replaced already
	Stderr  []string `json:"stderr,omitempty"`  // of the worker that is at fault, its last lines
	Refused bool     `json:"refused,omitempty"` // the request was at fault: nothing was tried, and it is no failed reload
}

// EventKind is the kind of a ReloadEvent.
type EventKind string

// The kinds, in the order in which they come. Those of a group come once for
// each, or for each worker.
const (
	EventTaken    EventKind = "taken"    // it is the reload's turn, or will be
	EventStarted  EventKind = "started"  // of a group
	EventReady    EventKind = "ready"    // of a group: one more new worker
	EventReplaced EventKind = "replaced" // of a group: one more old worker, where reload_surge allows few at a time
	EventRestored EventKind = "restored" // of a group: one more of these is replaced back, after a failure
	EventSwapped  EventKind = "swapped"  // of a group
	EventApplied  EventKind = "applied"  // the new plan is in effect
	EventDraining EventKind = "draining" // of a group; again whenever the numbers change
	EventDone     EventKind = "done"     // of a group: no old worker is left
	EventFinished EventKind = "finished" // of all groups
	EventFailed   EventKind = "failed"   // everything stays, or is again, as it was; see Outcome
)

// A Reloader carries reloads out, one after the other. It returns at once;
// tell is called for each event up to EventApplied or EventFailed, in order,
// and must not block. Where the master stops before, it is never called again.
type Reloader func(req ReloadRequest, tell func(ReloadEvent))

// A feed hands events over without keeping who has them waiting.
type feed struct {
	mu     sync.Mutex // guards events
	events []ReloadEvent
	more   chan struct{} // holds one
}

func newFeed() *feed { return &feed{more: make(chan struct{}, 1)} }

func (f *feed) add(e ReloadEvent) {
	f.mu.Lock()
	f.events = append(f.events, e)
	f.mu.Unlock()
	select {
	case f.more <- struct{}{}:
	default:
	}
}

func (f *feed) take() []ReloadEvent {
	f.mu.Lock()
	defer f.mu.Unlock()
	events := f.events
	f.events = nil
	return events
}

// reload starts one and tells the client how it goes. A client that leaves
// ends nothing.
func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	var want ReloadRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPlan)).Decode(&want); err != nil {
		answer(w, http.StatusBadRequest, done{FormatVersion, err.Error()})
		return
	}
	s.opts.Log.Info("control request", "request", "reload")
	events := newFeed()
	s.opts.Reloads(want, events.add)
	if want.NoWait {
		answer(w, http.StatusAccepted, done{FormatVersion: FormatVersion})
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := eventWriter{json.NewEncoder(w), http.NewResponseController(w)}
	out.write(ReloadEvent{Event: EventTaken})
	for {
		select {
		case <-events.more:
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			out.write(ReloadEvent{Event: EventFailed, Error: "the master stops"})
			return
		}
		for _, e := range events.take() {
			out.write(e)
			switch e.Event {
			case EventApplied:
				s.watchDrain(r.Context(), e, out)
				return
			case EventFailed:
				return
			}
		}
	}
}

// An eventWriter writes events as they come.
type eventWriter struct {
	json *json.Encoder
	http *http.ResponseController
}

func (w eventWriter) write(e ReloadEvent) {
	e.FormatVersion = FormatVersion
	// A client that is gone is noticed by its request's context.
	_ = w.json.Encode(e)
	_ = w.http.Flush()
}

// drainPoll is how often old workers are looked after.
const drainPoll = 100 * time.Millisecond

// watchDrain tells how the old workers of the groups end that a reload has
// changed.
func (s *Server) watchDrain(ctx context.Context, applied ReloadEvent, out eventWriter) {
	left := make(map[string]ReloadEvent) // what was told last of each group that is not done
	for _, g := range applied.Report.Groups {
		if g.Workers.Stop > 0 {
			left[g.Name] = ReloadEvent{}
		}
	}
	tick := time.NewTicker(drainPoll)
	defer tick.Stop()
	for {
		now := draining(s.opts.Master.Groups(), applied.Generation)
		for _, g := range applied.Report.Groups { // in order
			was, waits := left[g.Name]
			is, drains := now[g.Name]
			switch {
			case waits && !drains:
				delete(left, g.Name)
				out.write(ReloadEvent{Event: EventDone, Group: g.Name})
			case waits && !same(was, is):
				left[g.Name] = is
				out.write(is)
			}
		}
		if len(left) == 0 {
			out.write(ReloadEvent{Event: EventFinished})
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		case <-s.ctx.Done():
			return
		}
	}
}

func same(a, b ReloadEvent) bool {
	return a.Workers == b.Workers && a.Requests == b.Requests && a.Websockets == b.Websockets
}

// draining are the groups with workers from before a generation that are on
// their way out.
func draining(groups []supervisor.GroupStatus, generation int) map[string]ReloadEvent {
	out := make(map[string]ReloadEvent)
	for _, g := range groups {
		for _, w := range g.Workers {
			leaves := w.State == supervisor.StateDraining || w.State == supervisor.StateStopping || g.Removed
			if w.Generation >= generation || !leaves {
				continue
			}
			e := out[g.Name]
			e.Event, e.Group = EventDraining, g.Name
			e.Workers++
			e.Requests += w.Requests
			e.Websockets += w.Websockets
			out[g.Name] = e
		}
	}
	return out
}
