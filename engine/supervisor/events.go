package supervisor

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// kinds maps the state that a worker enters to the kind of event. It is
// read-only.
var kinds = map[api.WorkerState]api.EventKind{api.StateStarting: api.EventStarting, api.StateReady: api.EventReady, api.StateDraining: api.EventDraining,
	api.StateStopping: api.EventStopping, api.StateExited: api.EventExited}

// emit sends an event about a member. It fills in the fields that describe the
// worker.
func (g *group) emit(kind api.EventKind, m *member, e api.Event, stderr ...string) {
	e.PID, e.Generation = m.pid(), m.generation
	g.emitSeat(kind, m.index, e, stderr...)
}

// emitSeat sends an event about a seat whose worker may be gone.
func (g *group) emitSeat(kind api.EventKind, index int, e api.Event, stderr ...string) {
	e.Kind, e.Group, e.Worker = kind, g.name, &index
	g.events.Emit(e, stderr...)
}

// emitCrash reports that a worker has crashed and when the next one starts.
func (g *group) emitCrash(index int, why api.RestartReason, failure *StartError, restartIn time.Duration) {
	g.emitSeat(api.EventCrashed, index, api.Event{Reason: failure.reason(why), RestartIn: restartIn.Seconds()}, failure.Stderr...)
}

// reason returns why a worker was lost, in one line and without its last
// output.
func (e *StartError) reason(why api.RestartReason) string {
	if why == api.RestartStart {
		return "failed to start: " + e.Err.Error()
	}
	return e.Err.Error()
}
