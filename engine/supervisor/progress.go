package supervisor

import "github.com/ldcorn/ldcorn/engine/plan"

// ApplyOptions are the options of an Apply. The zero value is an ordinary
// reload that nobody watches.
type ApplyOptions struct {
	Diff plan.DiffOptions
	// Check, if not nil, is called before anything begins, and nothing else
	// changes what runs between this call and the end of the apply. now is the
	// plan in effect (nil before the first), generation is its number, and
	// changes is what will be applied. If Check returns an error, Apply does
	// nothing and returns that error unchanged. Check runs on the supervisor's
	// goroutine and must not block.
	Check func(now *plan.Plan, generation int, changes *plan.Changes) error
	// Progress, if not nil, is called with each step of the apply. It runs on
	// the supervisor's goroutine and must not block.
	Progress func(Progress)
}

// A Progress is a step that a group has completed in an apply.
type Progress struct {
	Step    Step
	Group   string
	Workers int // workers that this apply starts
	Ready   int // how many of those are ready; for replaced and restored, how many were

	// For StepUnready.
	Worker int // index
	Reason string
	Ended  bool // the worker has ended, and is started again

	// For StepReplaced: what the old worker still has in hand.
	Requests   int
	Websockets int
}

// A Step names the kind of a Progress.
type Step string

// The steps of a group.
const (
	StepBefore  Step = "before_start" // a command of before_start runs; Reason is its line
	StepStarted Step = "started"      // the new workers are starting
	StepReady   Step = "ready"        // one more worker is ready
	StepUnready Step = "unready"      // a worker is not ready yet, for a known reason
	StepSwapped Step = "swapped"      // the new workers get the requests from now on

	// The next two occur only while a reload replaces workers in waves.
	StepReplaced Step = "replaced" // one more worker was replaced; the next waits until the old one exits
	StepRestored Step = "restored" // one replaced worker was rolled back
)

// tell calls Progress if it is set.
func (o *ApplyOptions) tell(p Progress) {
	if o.Progress != nil {
		o.Progress(p)
	}
}
