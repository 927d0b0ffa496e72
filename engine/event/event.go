// Package event tells what happens to a master: one stream of events, which
// keeps the newest for those who ask later.
//
// The supervisor and the reloads emit. The control socket and the admin
// listener read. Nobody who emits waits for a reader.
package event

import (
	"strconv"
	"time"
)

// FormatVersion is that of the JSON of an Event. Fields may be added within a
// version, and keep their meaning.
const FormatVersion = 1

// An Event is something that has happened to a master, to one of its groups or
// to one of its workers.
type Event struct {
	FormatVersion int       `json:"format_version"`
	Number        uint64    `json:"number"` // counts the events of this master, from 1
	At            time.Time `json:"at"`
	Kind          Kind      `json:"event"`

	Group      string `json:"group,omitempty"`      // "" for the master itself
	Worker     *int   `json:"worker,omitempty"`     // index within the group; nil for the group itself
	PID        int    `json:"pid,omitempty"`        // of the worker's process
	Generation int    `json:"generation,omitempty"` // of the plan: that the worker is started for, or that was applied

	Took       float64 `json:"took,omitempty"`       // seconds, in the state before or for a reload
	Requests   int     `json:"requests,omitempty"`   // in flight on the worker, or in the group
	Websockets int     `json:"websockets,omitempty"` // open, likewise
	Queued     int     `json:"queued,omitempty"`     // requests that wait in the group
	Workers    int     `json:"workers,omitempty"`    // wanted of the group
	RestartIn  float64 `json:"restart_in,omitempty"` // seconds until the worker is started again

	Reason string   `json:"reason,omitempty"` // why it has happened, in one line; Emit cuts it
	Stderr []string `json:"stderr,omitempty"` // the last lines of the worker that is at fault
}

// Kind is what has happened.
type Kind string

// The kinds, of a worker, of a group and of the master.
const (
	Starting    Kind = "starting"     // a worker's process is there
	Ready       Kind = "ready"        // it can take requests; of the master, its first plan is in effect
	Draining    Kind = "draining"     // it gets no new request, and finishes those it has
	Stopping    Kind = "stopping"     // it was told to end
	Exited      Kind = "exited"       // its process has ended
	StartFailed Kind = "start_failed" // a worker that was not in service yet did not become ready, and another is started
	Crashed     Kind = "crashed"      // it has ended by itself or is unhealthy, and another is started in its seat
	Failed      Kind = "failed"       // it has crashed too often in a row, and its seat stays empty
	Recycled    Kind = "recycled"     // it is worn out, and is replaced
	Kept        Kind = "kept"         // its replacement has failed, and it serves on
	Applied     Kind = "applied"      // a group is as a reload or ldcorn scale wants it
	Held        Kind = "held"         // requests of a group wait
	Released    Kind = "released"     // and no longer
	Reloading   Kind = "reloading"    // the master reads its configuration
	Reloaded    Kind = "reloaded"     // what it has read is in effect
	Refused     Kind = "refused"      // a reload was asked for in a way that nothing was tried
	Unchanged   Kind = "unchanged"    // a reload has failed, and everything is as it was, but for what the reason says
	Shutdown    Kind = "shutdown"     // the master begins to stop
)

// Kinds are all of them, in the order above. Only read.
var Kinds = []Kind{Starting, Ready, Draining, Stopping, Exited, StartFailed, Crashed, Failed, Recycled, Kept, Applied, Held, Released,
	Reloading, Reloaded, Refused, Unchanged, Shutdown}

// Subject is what it has happened to: "master", a group, or a worker as
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

// Public returns the event without what workers wrote, which is only for those
// who may use the control socket.
func (e Event) Public() Event {
	e.Stderr = nil
	return e
}
