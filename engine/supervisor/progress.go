package supervisor

import "github.com/ldcorn/ldcorn/engine/plan"

// ApplyOptions are those of an Apply. The zero value is an ordinary reload
// that nobody watches.
type ApplyOptions struct {
	Diff plan.DiffOptions
	// Progress, if not nil, is told how the apply goes, by the supervisor's
	// goroutine: it must not block.
	Progress func(Progress)
}

// A Progress is a step that a group has made in an apply.
type Progress struct {
	Step    Step
	Group   string
	Workers int // that were started for this apply
	Ready   int // of these
}

// Step is what a Progress is about.
type Step string

// The steps of a group.
const (
	StepStarted Step = "started" // its new workers are starting
	StepReady   Step = "ready"   // one more is ready
	StepSwapped Step = "swapped" // they get the requests, as of now
)

// tell calls Progress, if there is anybody.
func (o *ApplyOptions) tell(step Step, st *step, ready int) {
	if o.Progress != nil {
		o.Progress(Progress{Step: step, Group: st.change.Name, Workers: len(st.members), Ready: ready})
	}
}
