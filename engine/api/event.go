package api

import (
	"strconv"
	"time"
)

// EventVersion is the version of an Event.
const EventVersion = 1

// An Event is something that happened to a master, to one of its groups or to
// one of its workers. Public makes one that holds only what anybody who can reach
// the admin listener may know.
type Event struct {
	FormatVersion int       `json:"format_version"`
	Number        uint64    `json:"number" jsonschema:"minimum=1"` // counts the events of this master, from 1
	At            time.Time `json:"at"`
	Kind          EventKind `json:"event"`

	Group      string `json:"group,omitempty"`                         // absent for the master itself
	Worker     *int   `json:"worker,omitempty" jsonschema:"minimum=0"` // the index within the group; absent for the group itself
	PID        int    `json:"pid,omitempty"`                           // of the process of the worker
	Generation int    `json:"generation,omitempty"`                    // of the plan that started the worker, or that was applied

	Took       float64     `json:"took,omitempty"`       // seconds in the previous state, or of the reload
	Was        WorkerState `json:"was,omitempty"`        // the state that the worker was in for that long
	Requests   int         `json:"requests,omitempty"`   // in flight on the worker, or in the group
	Websockets int         `json:"websockets,omitempty"` // open on the worker, or in the group
	Queued     int         `json:"queued,omitempty"`     // requests waiting in the group
	Workers    int         `json:"workers,omitempty"`    // how many workers the group should have
	RestartIn  float64     `json:"restart_in,omitempty"` // seconds until the worker is started again
	StopIn     float64     `json:"stop_in,omitempty"`    // seconds until the master begins to stop

	Reason string `json:"reason,omitempty"` // why it happened, in one line; for anybody, a command is only its program

	PublicReason string `json:"-"` // what anybody may know of a Reason that may hold secrets; "" if that is all of it
}

// Public returns the event as anybody who can reach the admin listener may know it.
func (e Event) Public() Event {
	if e.PublicReason != "" {
		e.Reason, e.PublicReason = e.PublicReason, ""
	}
	return e
}

// A ControlEvent is an Event for clients of the control socket: it includes
// what a worker wrote.
type ControlEvent struct {
	Event
	Stderr []string `json:"stderr,omitempty"` // the last lines of the worker at fault
}

// An EventKind says what happened.
type EventKind string

// The kinds.
const (
	EventStarting     EventKind = "starting"            // the process of a worker was started
	EventReady        EventKind = "ready"               // a worker gets requests; for the master, its first plan is in effect
	EventDraining     EventKind = "draining"            // a worker gets no new requests, and finishes those that it has
	EventStopping     EventKind = "stopping"            // a worker was told to stop
	EventExited       EventKind = "exited"              // the process of a worker has exited
	EventStartFailed  EventKind = "start_failed"        // a worker that was not in service yet did not become ready; another is started
	EventCrashed      EventKind = "crashed"             // a worker exited on its own or is unhealthy; another is started in its seat
	EventFailed       EventKind = "failed"              // a worker crashed too often in a row, and its seat stays empty
	EventRecycled     EventKind = "recycled"            // a worker is worn out, and is replaced
	EventKept         EventKind = "kept"                // the replacement of a worker failed; the worker keeps serving
	EventApplied      EventKind = "applied"             // a group now matches a reload or ldcorn scale
	EventHeld         EventKind = "held"                // the requests of a group wait
	EventReleased     EventKind = "released"            // the requests of a group no longer wait
	EventOverloaded   EventKind = "overloaded"          // the newest request of a group gets a slot first, because requests leave before they get one
	EventRelieved     EventKind = "relieved"            // a group is no longer overloaded
	EventSlow         EventKind = "slow"                // requests have waited for the answer of a worker for longer than slow_request
	EventReloading    EventKind = "reloading"           // the master reads its configuration
	EventReloaded     EventKind = "reloaded"            // the configuration that it read is in effect
	EventRefused      EventKind = "refused"             // the request for a reload was invalid, and nothing was tried
	EventReloadFailed EventKind = "reload_failed"       // a reload failed, and everything is as it was, unless the reason says otherwise
	EventBeforeStart  EventKind = "before_start"        // a command of before_start has succeeded; the reason says which
	EventBeforeFailed EventKind = "before_start_failed" // a command of before_start failed, and nothing was started
	EventLeaving      EventKind = "leaving"             // the master was told to stop, and serves on for shutdown_delay
	EventShutdown     EventKind = "shutdown"            // the master begins to stop
	EventStopped      EventKind = "stopped"             // the master has stopped, and no worker is left
	EventIncident     EventKind = "incident"            // something is wrong with a group or a worker, for the reason given
	EventIncidentOver EventKind = "incident_over"       // it no longer is
	EventLogLevel     EventKind = "log_level"           // ldcorn log-level, or the reload after it, has changed the level of the log
	EventAccessLog    EventKind = "access_log"          // ldcorn access-log, or the reload after it, has changed the access log
	EventHook         EventKind = "hook"                // a hook of on_event has learned of an event; the reason says which
	EventHookFailed   EventKind = "hook_failed"         // a hook of on_event failed; no hook learns of that

	EventCertificate EventKind = "certificate"         // a certificate was read again or issued, and is in use
	EventCertWarning EventKind = "certificate_warning" // a certificate in use has expired, expires soon, is not valid yet, or lacks names of the one before, or an authority in client_ca has expired, expires soon or is not valid yet
	EventCertFailed  EventKind = "certificate_failed"  // a certificate cannot be read again or was not issued, and the one in use stays

	EventCertRecovered EventKind = "certificate_recovered" // what certificate_warning or certificate_failed has told of has ended
)

// EventKinds lists all kinds. It is read-only.
var EventKinds = []EventKind{EventStarting, EventReady, EventDraining, EventStopping, EventExited, EventStartFailed, EventCrashed, EventFailed,
	EventRecycled, EventKept, EventApplied, EventHeld, EventReleased, EventOverloaded, EventRelieved, EventSlow, EventReloading, EventReloaded, EventRefused,
	EventReloadFailed, EventBeforeStart, EventBeforeFailed, EventCertificate, EventCertWarning, EventCertFailed, EventCertRecovered, EventLeaving, EventShutdown, EventStopped,
	EventIncident, EventIncidentOver, EventLogLevel, EventAccessLog, EventHook, EventHookFailed}

// Subject returns what the event happened to: "master", a group, or a worker as
// "group.index".
func (e *Event) Subject() string {
	switch {
	case e.Group == "":
		return "master"
	case e.Worker == nil:
		return e.Group
	}
	return e.Group + "." + strconv.Itoa(*e.Worker)
}

// An EventLine is one line of the answer to GET /v1/events: an event, or how many
// events the client has missed.
type EventLine struct {
	*ControlEvent
	Lost uint64 `json:"lost,omitempty"` // if not 0, there is no event
}
