package control

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// A Reloader carries reloads out, one after the other. It returns at once;
// tell is called for each event up to api.StepApplied or api.StepFailed, in order,
// and must not block. Where the master stops before, it is never called again.
type Reloader func(req api.ReloadRequest, tell func(api.ReloadStep))

// A feed hands events over without keeping who has them waiting.
type feed struct {
	mu     sync.Mutex // guards events
	events []api.ReloadStep
	more   chan struct{} // holds one
}

func newFeed() *feed { return &feed{more: make(chan struct{}, 1)} }

func (f *feed) add(e api.ReloadStep) {
	f.mu.Lock()
	f.events = append(f.events, e)
	f.mu.Unlock()
	select {
	case f.more <- struct{}{}:
	default:
	}
}

func (f *feed) take() []api.ReloadStep {
	f.mu.Lock()
	defer f.mu.Unlock()
	events := f.events
	f.events = nil
	return events
}

// reload starts one and tells the client how it goes. A client that leaves
// ends nothing.
func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	var want api.ReloadRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPlan)).Decode(&want); err != nil {
		answer(w, http.StatusBadRequest, api.Done{FormatVersion: api.ControlVersion, Error: err.Error()})
		return
	}
	ctx, cancel := s.during(r)
	defer cancel()
	s.opts.Log.Info("control request", "request", "reload")
	events := newFeed()
	s.opts.Reloads(want, events.add)
	if want.NoWait {
		answer(w, http.StatusAccepted, api.Done{FormatVersion: api.ControlVersion})
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := eventWriter{json.NewEncoder(w), http.NewResponseController(w)}
	out.write(api.ReloadStep{Kind: api.StepTaken})
	for {
		select {
		case <-events.more:
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			out.write(api.ReloadStep{Kind: api.StepFailed, Error: "the master stops"})
			return
		}
		for _, e := range events.take() {
			out.write(e)
			switch e.Kind {
			case api.StepApplied:
				s.watchDrain(ctx, e, out)
				return
			case api.StepFailed:
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

func (w eventWriter) write(e api.ReloadStep) {
	e.FormatVersion = api.ReloadVersion
	// A client that is gone is noticed by its request's context.
	_ = w.json.Encode(e)
	_ = w.http.Flush()
}

// countEvery is how often the requests of old workers are counted, for those who
// watch the numbers fall. That a worker has finished is an event.
const countEvery = time.Second

// watchDrain tells how the old workers end of the groups that a reload has
// changed.
func (s *Server) watchDrain(ctx context.Context, applied api.ReloadStep, out eventWriter) {
	left := make(map[string]api.ReloadStep) // what was told last of each group that is not done
	var names []string
	for _, g := range applied.Report.Groups {
		if g.Workers.Stop > 0 {
			left[g.Name] = api.ReloadStep{}
			names = append(names, g.Name)
		}
	}
	for changes := s.opts.Events.Read(names, 0); ; {
		changes.Take()
		now := draining(s.opts.Master.Groups(), applied.Generation)
		for _, name := range names { // in order
			was, waits := left[name]
			is, drains := now[name]
			switch {
			case waits && !drains:
				delete(left, name)
				out.write(api.ReloadStep{Kind: api.StepDone, Group: name})
			case waits && !same(was, is):
				left[name] = is
				out.write(is)
			}
		}
		if len(left) == 0 {
			out.write(api.ReloadStep{Kind: api.StepFinished})
			return
		}
		soon, cancel := context.WithTimeout(ctx, countEvery)
		changes.Wait(soon)
		cancel()
		if ctx.Err() != nil {
			return
		}
	}
}

func same(a, b api.ReloadStep) bool {
	return a.Workers == b.Workers && a.Requests == b.Requests && a.Websockets == b.Websockets
}

// draining returns the groups with workers from before a generation that are to
// end.
func draining(groups []api.GroupStatus, generation int) map[string]api.ReloadStep {
	out := make(map[string]api.ReloadStep)
	for _, g := range groups {
		for _, w := range g.Workers {
			leaves := w.State == api.StateDraining || w.State == api.StateStopping || g.Removed
			if w.Generation >= generation || !leaves || w.PID == 0 {
				continue // without a process it has nothing to finish
			}
			e := out[g.Name]
			e.Kind, e.Group = api.StepDraining, g.Name
			e.Workers++
			e.Requests += w.Requests
			e.Websockets += w.Websockets
			out[g.Name] = e
		}
	}
	return out
}
