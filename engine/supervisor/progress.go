package supervisor

import "github.com/ldcorn/ldcorn/engine/plan"

// ApplyOptions are those of an Apply. The zero value is an ordinary reload
// that nobody watches.
type ApplyOptions struct {
	Diff plan.DiffOptions
	// Check, if not nil, is asked before anything begins: nothing else changes
	// what runs between that and the end of the apply. now is the plan in
	// effect, nil before the first, generation its number, and changes is what
	// will be applied. An error is returned by Apply as it is, and nothing is
	// done. The supervisor's goroutine calls it: it must not block.
	Check func(now *plan.Plan, generation int, changes *plan.Changes) error
	// Progress, if not nil, is told how the apply goes, by the supervisor's
	// goroutine: it must not block.
	Progress func(Progress)
}

// A Progress is a step that a group has made in an apply.
type Progress struct {
	Step    Step
	Group   string
	Workers int // that are started for this apply
	Ready   int // of these; of replaced and restored, those that have been

	// Of unready.
	Worker int // index
	Reason string

	// Of replaced: what the worker has in hand that is to end now.
	Requests   int
	Websockets int
}

// Step is what a Progress is about.
type Step string

// The steps of a group.
const (
	StepStarted Step = "started" // its new workers are starting
	StepReady   Step = "ready"   // one more is ready
	StepUnready Step = "unready" // one is not ready yet, for a reason
	StepSwapped Step = "swapped" // they get the requests, as of now

	// While a reload replaces some workers after others.
	StepReplaced Step = "replaced" // one more has been; the next waits for its end
	StepRestored Step = "restored" // one that was replaced has been replaced back
)

// tell calls Progress, if there is anybody.
func (o *ApplyOptions) tell(p Progress) {
	if o.Progress != nil {
		o.Progress(p)
	}
}
