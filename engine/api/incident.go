package api

import (
	"strconv"
	"time"
)

// A Mood says how good something is: a state, an event, or an incident.
type Mood string

// The moods.
const (
	MoodPlain Mood = ""     // neither good nor bad
	MoodGood  Mood = "good" // as it should be
	MoodWarn  Mood = "warn" // worth a look
	MoodBad   Mood = "bad"  // clients suffer, or will soon
)

// RecentIncidents is for how long a status counts an incident that is over.
const RecentIncidents = 15 * time.Minute

// An Incident is something that is wrong now, with its cause, as the master judges it.
type Incident struct {
	Kind   IncidentKind `json:"kind"`
	Mood   Mood         `json:"mood"` // MoodWarn or MoodBad
	Group  string       `json:"group"`
	Worker *int         `json:"worker,omitempty" jsonschema:"minimum=0"` // the index within the group; absent if it is about the group
	PID    int          `json:"pid,omitempty"`                           // of the worker; absent if it is about the group, or about several processes
	Since  time.Time    `json:"since"`                                   // when it began, as far as the master can tell
	Title  string       `json:"title"`                                   // the kind for people, such as "blocked event loop"
	Cause  string       `json:"cause"`                                   // in one line, without what clients and workers wrote
	Change string       `json:"change,omitempty"`                        // what had changed before it began; absent if nothing had
	Advice string       `json:"advice"`                                  // what to do
	Quiet  bool         `json:"quiet,omitempty"`                         // nothing more of it has been seen for some seconds, but it is not over

	// What clients and workers wrote. Both are absent for those who may not see it.
	Requests string `json:"requests,omitempty"` // which requests it is about, with their numbers; absent if none is known
	Words    string `json:"words,omitempty"`    // the last words of the worker at fault; absent if there are none
}

// An IncidentKind is a kind of Incident.
type IncidentKind string

// The kinds, with the one first that explains the others.
const (
	IncidentCrashLoop IncidentKind = "crash_loop"   // workers crash again and again
	IncidentBlocked   IncidentKind = "blocked_loop" // the event loop of a worker runs nothing but one request
	IncidentSilent    IncidentKind = "no_answers"   // a group has requests in hand and answers none
	IncidentBadDeploy IncidentKind = "bad_deploy"   // since a reload or a restart, a group has more errors or is slower
	IncidentErrors    IncidentKind = "errors"       // a group answers with errors
	IncidentQueue     IncidentKind = "queue"        // requests wait for a slot
	IncidentLeak      IncidentKind = "leak"         // the memory of workers grows and grows
)

// IncidentKinds lists all kinds, in their order. It is read-only.
var IncidentKinds = []IncidentKind{IncidentCrashLoop, IncidentBlocked, IncidentSilent, IncidentBadDeploy, IncidentErrors, IncidentQueue, IncidentLeak}

// Subject returns what the incident is about: a group, or a worker as "group.index".
func (i *Incident) Subject() string {
	if i.Worker == nil {
		return i.Group
	}
	return i.Group + "." + strconv.Itoa(*i.Worker)
}

// Public returns the incident without what clients and workers wrote.
func (i Incident) Public() Incident {
	i.Requests, i.Words = "", ""
	return i
}
