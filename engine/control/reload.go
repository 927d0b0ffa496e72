package control

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// A Reloader requests a reload and returns at once. Reloads run one after another.
// The Reloader calls tell for each step in order, up to api.StepApplied or
// api.StepFailed. There may be neither once the master has begun to stop. tell must
// not block.
// A reload that has not begun when ctx is done does not take place.
type Reloader func(ctx context.Context, req api.ReloadRequest, tell func(api.ReloadStep))

// A feed passes steps on. The sender never waits for the receiver.
type feed struct {
	mu    sync.Mutex // guards steps
	steps []api.ReloadStep
	more  chan struct{} // of capacity 1; full if there may be steps
}

func newFeed() *feed { return &feed{more: make(chan struct{}, 1)} }

func (f *feed) add(step api.ReloadStep) {
	f.mu.Lock()
	f.steps = append(f.steps, step)
	f.mu.Unlock()
	select {
	case f.more <- struct{}{}:
	default:
	}
}

func (f *feed) take() []api.ReloadStep {
	f.mu.Lock()
	defer f.mu.Unlock()
	steps := f.steps
	f.steps = nil
	return steps
}

// reload requests a reload and tells the client how it goes. A reload that has
// begun goes on if the client leaves.
func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	var want api.ReloadRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPlan)).Decode(&want); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	ctx, cancel := s.during(r)
	defer cancel()
	attrs := []any{"request", "reload"}
	if !want.ArgSettings.IsZero() {
		attrs = append(attrs, "set", want.ArgSettings.String())
	}
	s.opts.Log.Info("control request", attrs...)
	steps := newFeed()
	if want.NoWait {
		s.opts.Reloads(s.ctx, want, steps.add)
		confirm(w, http.StatusAccepted)
		return
	}
	s.opts.Reloads(ctx, want, steps.add)
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := stepWriter{json.NewEncoder(w), http.NewResponseController(w)}
	out.write(api.ReloadStep{Kind: api.StepTaken})
	for {
		select {
		case <-steps.more:
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			out.write(api.ReloadStep{Kind: api.StepFailed, Error: "the master is stopping"})
			return
		}
		for _, step := range steps.take() {
			out.write(step)
			switch step.Kind {
			case api.StepApplied:
				s.watchDrain(ctx, step, out)
				return
			case api.StepFailed:
				return
			}
		}
	}
}

// A stepWriter writes each step at once.
type stepWriter struct {
	json *json.Encoder
	http *http.ResponseController
}

func (w stepWriter) write(step api.ReloadStep) {
	step.FormatVersion = api.ReloadVersion
	// If the client has gone, the context of its request ends.
	_ = w.json.Encode(step)
	_ = w.http.Flush()
}

// countEvery is how often watchDrain counts the requests of old workers, for people
// who watch the numbers fall. It needs no count to notice that a worker has
// finished: that is an event.
const countEvery = time.Second

// watchDrain reports on the old workers of the groups that a reload has changed,
// until all of them have ended.
func (s *Server) watchDrain(ctx context.Context, applied api.ReloadStep, out stepWriter) {
	left := make(map[string]api.ReloadStep) // the last step of each group that is not done
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

// draining returns a step for each group that has workers from before a generation
// which are to end.
func draining(groups []api.GroupStatus, generation int) map[string]api.ReloadStep {
	out := make(map[string]api.ReloadStep)
	for _, g := range groups {
		for _, w := range g.Workers {
			leaves := w.State == api.StateDraining || w.State == api.StateStopping || g.Removed
			if w.Generation >= generation || !leaves || w.PID == 0 {
				continue // without a process, there is nothing to finish
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
