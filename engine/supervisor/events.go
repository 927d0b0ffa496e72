package supervisor

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// kinds are those of a worker that comes into a state. Only read.
var kinds = map[api.WorkerState]api.EventKind{api.StateStarting: api.EventStarting, api.StateReady: api.EventReady, api.StateDraining: api.EventDraining,
	api.StateStopping: api.EventStopping, api.StateExited: api.EventExited}

// emit tells of a member. What e has of its worker is set here.
func (g *group) emit(kind api.EventKind, m *member, e api.Event, stderr ...string) {
	e.PID, e.Generation = m.pid(), m.generation
	g.emitSeat(kind, m.index, e, stderr...)
}

// emitSeat tells of a seat, whose worker may be gone.
func (g *group) emitSeat(kind api.EventKind, index int, e api.Event, stderr ...string) {
	e.Kind, e.Group, e.Worker = kind, g.name, &index
	g.events.Emit(e, stderr...)
}

// emitCrash tells that a worker is lost, and of the next one.
func (g *group) emitCrash(index int, why api.RestartReason, failure *StartError, restartIn time.Duration) {
	g.emitSeat(api.EventCrashed, index, api.Event{Reason: failure.reason(why), RestartIn: restartIn.Seconds()}, failure.Stderr...)
}

// reason is why a worker is lost, without its last words.
func (e *StartError) reason(why api.RestartReason) string {
	if why == api.RestartStart {
		return "failed to start: " + e.Err.Error()
	}
	return e.Err.Error()
}
