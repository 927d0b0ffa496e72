package supervisor

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/event"
)

// kinds are those of a worker that comes into a state. Only read.
var kinds = map[State]event.Kind{StateStarting: event.Starting, StateReady: event.Ready, StateDraining: event.Draining,
	StateStopping: event.Stopping, StateExited: event.Exited}

// emit tells of a member. What e has of its worker is set here.
func (g *group) emit(kind event.Kind, m *member, e event.Event) {
	e.PID, e.Generation = m.pid(), m.generation
	g.emitSeat(kind, m.index, e)
}

// emitSeat tells of a seat, whose worker may be gone.
func (g *group) emitSeat(kind event.Kind, index int, e event.Event) {
	e.Kind, e.Group, e.Worker = kind, g.name, &index
	g.events.Emit(e)
}

// emitCrash tells that a worker is lost, and of the next one.
func (g *group) emitCrash(index int, why RestartReason, failure *StartError, restartIn time.Duration) {
	g.emitSeat(event.Crashed, index, event.Event{Reason: failure.reason(why), Stderr: failure.Stderr, RestartIn: restartIn.Seconds()})
}

// reason is why a worker is lost, without its last words.
func (e *StartError) reason(why RestartReason) string {
	if why == RestartStart {
		return "failed to start: " + e.Err.Error()
	}
	return e.Err.Error()
}
