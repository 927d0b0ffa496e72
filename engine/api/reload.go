package api

// ReloadVersion is the version of a ReloadStep.
const ReloadVersion = 1

// A ReloadRequest is the body of POST /v1/reload.
type ReloadRequest struct {
	Replace []string `json:"replace"`        // the groups to replace, whatever has changed
	All     bool     `json:"all"`            // replace every group
	Plan    *Plan    `json:"plan,omitempty"` // apply nothing but this plan
	NoWait  bool     `json:"no_wait"`        // answer as soon as the request is accepted
	ArgSettings
}

// A ReloadStep is one line of the answer to a ReloadRequest: a step of the
// reload. The last one says that the reload failed, or that no old worker is
// left.
type ReloadStep struct {
	FormatVersion int            `json:"format_version"`
	Kind          ReloadStepKind `json:"event"`

	// The fields of a step of a group.
	Group      string `json:"group,omitempty"`
	Workers    int    `json:"workers,omitempty"`    // new workers, or old ones that are replaced, drain or are restored
	Ready      int    `json:"ready,omitempty"`      // how many of those are ready, replaced or restored
	Requests   int    `json:"requests,omitempty"`   // in flight on old workers
	Websockets int    `json:"websockets,omitempty"` // open on old workers

	// The fields of waiting and unready.
	Worker *int    `json:"worker,omitempty"` // the index of the worker that is not ready
	Reason string  `json:"reason,omitempty"` // what the reload waits for, or why the worker is not ready
	Ended  bool    `json:"ended,omitempty"`  // the worker has ended before it was ready, and is started again
	For    float64 `json:"for,omitempty"`    // seconds that the other reload or scaling has been running

	// The field of read.
	Warnings []PlanWarning `json:"warnings,omitempty"` // about the configuration

	// The fields of applied.
	Generation int      `json:"generation,omitempty"`
	Report     *Plan    `json:"report,omitempty"` // what the reload did
	Kept       []string `json:"kept,omitempty"`   // why certificates could not be read again, so that those in use stay

	Certificates []string `json:"certificates,omitempty"` // what is wrong with those in use, and which names have none yet

	// The fields of failed.
	Error   string   `json:"error,omitempty"`
	Outcome string   `json:"outcome,omitempty"` // what happened to workers that had already been replaced
	Stderr  []string `json:"stderr,omitempty"`  // the last lines of the worker or the command at fault, with its tracebacks folded
	Command bool     `json:"command,omitempty"` // a command of before_start is at fault
	Hint    string   `json:"hint,omitempty"`    // what to do about it
	Refused bool     `json:"refused,omitempty"` // the request was invalid: nothing was tried, so it does not count as a failed reload
}

// A ReloadStepKind says which step a ReloadStep is.
type ReloadStepKind string

// The kinds, in the order in which they occur. Those of a group occur once for
// each group, or for each worker.
const (
	StepTaken    ReloadStepKind = "taken"        // the request was accepted
	StepWaiting  ReloadStepKind = "waiting"      // the start, another reload or a scaling comes first
	StepBegun    ReloadStepKind = "begun"        // the reload begins; it continues even if the client leaves
	StepRead     ReloadStepKind = "read"         // the master has read the configuration
	StepBefore   ReloadStepKind = "before_start" // a command of before_start runs in the folder of a group; the reason has it
	StepStarted  ReloadStepKind = "started"      // the new workers of a group are starting
	StepUnready  ReloadStepKind = "unready"      // a new worker of a group is not ready yet, for a known reason
	StepReady    ReloadStepKind = "ready"        // one more new worker of a group is ready
	StepReplaced ReloadStepKind = "replaced"     // one more old worker of a group is replaced, if reload_surge limits how many at a time
	StepRestored ReloadStepKind = "restored"     // one more replaced worker of a group is rolled back, after a failure
	StepSwapped  ReloadStepKind = "swapped"      // the new workers of a group get the requests
	StepApplied  ReloadStepKind = "applied"      // the new plan is in effect
	StepDraining ReloadStepKind = "draining"     // old workers of a group finish what they have; again whenever the numbers change
	StepDone     ReloadStepKind = "done"         // no old worker of a group is left
	StepFinished ReloadStepKind = "finished"     // no old worker is left
	StepFailed   ReloadStepKind = "failed"       // everything stays, or is again, as it was, unless outcome says otherwise
)
